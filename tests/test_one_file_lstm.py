"""The LSTM in one file equals the library's: loss, gradients, sampled text."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from nextword.families import NetworkSpec, RecurrentConfig
from nextword.models import NeuralLanguageModel
from nextword.tokens import VocabularySpec

SCRIPT = Path(__file__).parent.parent / "examples" / "lstm_in_one_file.py"
VOCAB, EMBEDDING, HIDDEN = 11, 5, 7
#: Our name of each of the library's parameters.
NAMES = {
    "embedding": "E",
    "core.cells.0.weight_ih": "U",
    "core.cells.0.weight_hh": "W",
    "core.cells.0.bias": "b",
    "output.weight": "V",
    "output.bias": "d",
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lstm_in_one_file", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def parameters(script: ModuleType) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = script.new_parameters(
        VOCAB, EMBEDDING, HIDDEN, rng=np.random.default_rng(0)
    )
    return values


def library_model(parameters: dict[str, np.ndarray]) -> NeuralLanguageModel:
    vocabulary = VocabularySpec(vocab_size=VOCAB, boundary_id=0, start_id=0)
    config = RecurrentConfig(hidden_size=HIDDEN, embedding_size=EMBEDDING, tied=False)
    model = config.build(NetworkSpec(vocabulary=vocabulary)).double()
    assert {name for name, _ in model.named_parameters()} == set(NAMES)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(parameters[NAMES[name]]))
    return model


def random_ids(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(VOCAB, size=shape)


def test_script_has_fewer_than_250_lines() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 250


def test_loss_and_gradients_equal_the_library(
    script: ModuleType, parameters: dict[str, np.ndarray]
) -> None:
    ids = random_ids(3, 9)
    model = library_model(parameters)
    nll, _ = model.nll(
        torch.from_numpy(ids[:, :-1]), torch.from_numpy(ids[:, 1:]), model.initial_state(3)
    )
    nll.mean().backward()

    loss, _, records = script.forward(
        parameters, ids[:, :-1], ids[:, 1:], script.zero_state(3, HIDDEN)
    )
    gradients = script.backward(parameters, records)

    assert loss == pytest.approx(nll.mean().item(), rel=1e-12)
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(gradients[NAMES[name]], parameter.grad, rtol=1e-9, atol=1e-13)


def test_carried_state_equals_reading_at_once(
    script: ModuleType, parameters: dict[str, np.ndarray]
) -> None:
    ids = random_ids(2, 9)
    state = script.zero_state(2, HIDDEN)

    whole, _, _ = script.forward(parameters, ids[:, :-1], ids[:, 1:], state)
    first, state, _ = script.forward(parameters, ids[:, :4], ids[:, 1:5], state)
    second, _, _ = script.forward(parameters, ids[:, 4:-1], ids[:, 5:], state)

    assert (first + second) / 2 == pytest.approx(whole, rel=1e-12)


def test_sample_equals_the_library_with_the_same_random_numbers(
    script: ModuleType, parameters: dict[str, np.ndarray]
) -> None:
    rng, model = np.random.default_rng(2), library_model(parameters)
    expected, state = [3], model.initial_state(1)
    for _ in range(40):
        log_probs, state = model.next_log_probs(torch.tensor([expected[-1:]]), state)
        cumulative = log_probs[0, -1].exp().cumsum(0)
        expected.append(int((cumulative <= rng.random()).sum()))

    assert script.sample(parameters, 3, 40, rng=np.random.default_rng(2)) == expected


def test_perplexity_equals_the_library(
    script: ModuleType, parameters: dict[str, np.ndarray]
) -> None:
    ids = random_ids(500)
    model = library_model(parameters)
    row = torch.from_numpy(ids)[None]
    nll, _ = model.nll(row[:, :-1], row[:, 1:], model.initial_state(1))

    assert script.perplexity(parameters, ids) == pytest.approx(nll.mean().exp().item(), rel=1e-10)


def test_clipping_keeps_the_direction(script: ModuleType) -> None:
    gradients = {"a": np.array([3.0]), "b": np.array([4.0])}

    assert script.clip_by_norm(gradients, 1.0) == 5.0
    assert gradients["a"][0] == pytest.approx(0.6)
    assert gradients["b"][0] == pytest.approx(0.8)


def test_script_trains_on_a_file(tmp_path: Path) -> None:
    text = tmp_path / "corpus.txt"
    text.write_text("the students opened their books.\n" * 300, encoding="utf-8")

    finished = subprocess.run(
        [sys.executable, str(SCRIPT), str(text), "--updates", "60", "--hidden", "16"],
        capture_output=True,
        text=True,
        check=True,
    )

    [line] = [line for line in finished.stdout.splitlines() if "held-out" in line]
    assert float(line.split()[-1]) < 10.0
