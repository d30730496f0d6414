"""Carrying out the checks: what is skipped, what fails, and what is said of it."""

import math

import pytest
import torch

from families import CASES
from faulty_models import Result, RightModel
from nextword.evaluation.audit import AuditReport, audit_model
from nextword.models import LanguageModel, State
from nextword.tensors import Lengths, TokenIds


class GivesNan(RightModel):
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.table = self.table.masked_fill(self.table > -1.0, torch.nan)


class RaisesOnLengths(RightModel):
    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        if lengths is not None:
            raise ValueError("no lengths,\nplease")
        return super().next_log_probs(token_ids, state, lengths)


def audit(model: LanguageModel) -> AuditReport:
    return audit_model(model, name="mine")


def test_audit_without_folder_or_texts_skips_three_checks_and_says_why() -> None:
    report = audit(RightModel(0))

    assert report.passed
    assert [each.name for each in report.skipped] == [
        "vocabulary_leak",
        "round_trip",
        "save_and_load",
    ]
    assert all(each.reason for each in report.skipped)


def test_audit_of_nan_fails() -> None:
    report = audit(GivesNan(0))

    figures = {check.name: check.figure for check in report.failed}
    assert math.isnan(figures["sums_to_one"])
    assert math.isnan(figures["nll_is_gathered"])
    assert math.isnan(figures["state_fork"])


def test_audit_of_a_model_that_raises_notes_the_error_and_goes_on() -> None:
    report = audit(RaisesOnLengths(0))

    notes = {check.name: check.note for check in report.failed}
    assert notes == dict.fromkeys(
        (
            "nll_is_gathered",
            "row_order_invariance",
            "padding_invariance",
            "left_padding_invariance",
        ),
        "ValueError: no lengths, please",
    )


def test_audit_of_a_model_left_in_training_mode_computes_without_dropout() -> None:
    model = CASES["lstm-2-tied"].build(0)
    assert isinstance(model, torch.nn.Module)
    model.train()

    assert audit(model).passed
    assert model.training


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-9), (torch.float32, 1e-3)])
def test_audit_allows_for_rounding_by_precision(dtype: torch.dtype, limit: float) -> None:
    model = CASES["lstm-2-tied"].build(0)
    assert isinstance(model, torch.nn.Module)

    limits = {check.name: check.limit for check in audit(model.to(dtype)).checks}

    assert (limits["chunk_invariance"], limits["never_ids"]) == (limit, 0.0)


def test_audit_tells_how_many_checks_are_done() -> None:
    told: list[int] = []

    audit_model(RightModel(0), on_progress=told.append)

    assert told == list(range(1, 19))


@pytest.mark.parametrize("smoothing", ["maximum_likelihood", "kneser_ney"])
def test_audit_of_impossible_words_is_green(smoothing: str) -> None:
    assert audit(CASES[f"ngram-3-{smoothing}"].build(0)).passed
