"""Long greedy texts with packed weights, and the perplexity of rounded weights on real text."""

from pathlib import Path

import pytest
import torch

import nextword as nw
from nextword.generation import SamplingConfig, generate
from nextword.models import LanguageModel
from nextword.packed import fast_model
from packed_models import VOCAB_SIZE, made_model

GREEDY = SamplingConfig(temperature=0.0)


def greedy_ids(model: LanguageModel, *, first_ids: list[int], max_tokens: int) -> list[int]:
    """Continue each of several prompts of one token."""
    return [
        token.token_id
        for first_id in first_ids
        for token in generate(model, [first_id], max_tokens=max_tokens, config=GREEDY)
    ]


def steady_model(name: str) -> LanguageModel:
    """Return a model whose greedy texts do not depend on rounding.

    Large weights and no bias, so that texts do not end in one token. Small recurrent weights, so
    that differences of rounding do not grow with the length of a text: in float64, the two most
    probable tokens of every step then differ by more than the rounding of float32.
    """
    model = made_model(name, seed=4)
    with torch.no_grad():
        model.output.bias.zero_()
        for key, parameter in model.named_parameters():
            parameter.mul_(0.7 if key.endswith(("weight_hh", "weight_hr")) else 2.0)
    assert fast_model(model) is not None
    return model


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "projected"])
def test_greedy_tokens_in_float32_are_those_of_a_session_with_layers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = steady_model(name)

    drawn = greedy_ids(model, first_ids=[1, 5, 9], max_tokens=20)

    monkeypatch.setattr("nextword.generation.session.fast_model", lambda model: None)
    assert drawn == greedy_ids(model, first_ids=[1, 5, 9], max_tokens=20)


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "projected"])
def test_10000_greedy_tokens_in_float32_are_those_that_the_layers_predict(name: str) -> None:
    model = steady_model(name)
    first_ids = list(range(1, VOCAB_SIZE))

    drawn = torch.tensor(greedy_ids(model, first_ids=first_ids, max_tokens=280)).view(36, 280)

    # The layers read all texts in one window, and predict each token from those before it.
    prompts = torch.tensor([[model.boundary_id, first_id] for first_id in first_ids])
    read = torch.cat([prompts, drawn[:, :-1]], dim=1)
    with torch.no_grad():
        hidden, state = model.hidden(read, model.initial_state(36))
        predicted = model.log_probs_from_hidden(hidden, state, token_ids=read).argmax(-1)
    assert torch.equal(drawn, predicted[:, 1:])
    assert drawn.unique().numel() > 3


@pytest.mark.exhaustive
def test_int8_changes_the_perplexity_of_the_penn_treebank_by_less_than_half_a_percent(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "ptb"
    if not folder.is_dir():
        pytest.skip(f"the Penn Treebank is not at {folder}")
    lines = (folder / "train.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    text = tmp_path / "train.txt"
    text.write_text("".join(lines[:4_000]), encoding="utf-8")
    torch.manual_seed(0)
    nw.train(text, recipe="lstm-small", out=tmp_path / "run", epochs=1, progress=False)
    model = nw.load(tmp_path / "run")

    perplexities = {
        precision: model.with_precision(precision).evaluate(folder / "test.txt").perplexity
        for precision in ("float32", "bfloat16", "int8")
    }

    exact = model.evaluate(folder / "test.txt").perplexity
    assert perplexities["float32"] == pytest.approx(exact, rel=1e-5)
    assert perplexities["bfloat16"] == pytest.approx(exact, rel=0.005)
    assert perplexities["int8"] == pytest.approx(exact, rel=0.005)
    assert perplexities["int8"] != exact
