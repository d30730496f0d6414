"""Models of transformers against the contract of every language model."""

from functools import partial

import pytest
import torch

import huggingface_models as made
import model_checks as checks
from model_checks import Check
from nextword.evaluation.audit import audit_model
from nextword.interop.huggingface import windowed
from nextword.interop.huggingface.caches import Cache, cache_rows
from nextword.interop.huggingface.windowed import Encoded
from nextword.models import LanguageModel

pytest.importorskip("transformers")

ARCHITECTURES = ("gpt2", "llama", "mistral", "mamba", "rwkv", "jamba")
EXACT, FLOAT32 = 1e-9, 1e-5


def build(architecture: str, seed: int) -> LanguageModel:
    return made.model(architecture, seed=seed)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_audit_of_every_architecture_is_green(architecture: str) -> None:
    report = audit_model(build(architecture, 0))

    assert report.failed == ()
    assert {check.name for check in report.skipped} == {
        "vocabulary_leak",
        "save_and_load",
        "round_trip",
    }
    limit = EXACT if architecture in ("gpt2", "llama") else FLOAT32
    assert max(check.figure for check in report.checks) < limit


@pytest.mark.parametrize("stride", [1, 4, made.CONTEXT_SIZE])
def test_audit_whatever_the_stride_is_green(stride: int) -> None:
    assert audit_model(made.model("gpt2", stride=stride)).failed == ()


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("architecture", ["gpt2", "mamba"])
def test_huggingface_model_keeps_the_rest_of_the_contract(architecture: str, check: Check) -> None:
    check(partial(build, architecture))


def failures(model: LanguageModel) -> set[str]:
    return {check.name for check in audit_model(model).failed}


class TakesAnyCacheOfThatLength(Encoded):
    """Planted fault: whose tokens a cache has read is not looked at."""

    def find(self, token_ids: torch.Tensor) -> Cache | None:
        if self.token_ids.shape[1] != token_ids.shape[1]:
            return None
        return cache_rows(self.cache, torch.arange(len(token_ids)) % len(self.token_ids))


def test_audit_planted_cache_of_other_tokens_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed, "Encoded", TakesAnyCacheOfThatLength)

    assert {"state_select", "row_order_invariance"} & failures(made.model("gpt2"))


def test_audit_planted_windows_counted_from_the_call_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = made.model("gpt2")
    monkeypatch.setattr(
        type(model), "_window_start", lambda self, position: max(0, position - self.stride)
    )

    assert "chunk_invariance" in failures(model)


def test_audit_planted_memory_that_is_forgotten_between_chunks_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = made.model("mamba")
    if model.causal.can_continue_in_chunks:
        pytest.skip("this transformers' Mamba goes on in chunks as it should")

    monkeypatch.setitem(model.causal.__dict__, "can_continue_in_chunks", True)

    assert "chunk_invariance" in failures(model)
