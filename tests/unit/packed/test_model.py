import copy
import pickle
from collections.abc import Callable

import pytest
import torch

from nextword.base import ShapeError, VocabularyError
from nextword.models import LanguageModel
from nextword.packed import PackedLanguageModel, pack_model
from packed_models import CASES, VOCAB_SIZE, has_adaptive_kernels, made_model

#: Largest relative L2 distance from the model in float64.
LIMITS = {"float32": 1e-5, "bfloat16": 2e-2, "int8": 5e-2}
TOKENS = torch.randint(VOCAB_SIZE, (3, 6), generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([6, 0, 4])


def distance(actual: torch.Tensor, expected: torch.Tensor) -> float:
    is_possible = expected > -torch.inf
    assert torch.equal(actual > -torch.inf, is_possible)
    difference = actual.double()[is_possible] - expected[is_possible]
    return float(difference.norm() / expected[is_possible].norm())


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("name", CASES)
def test_packed_model_equals_the_model_in_float64(name: str, precision: str) -> None:
    model = made_model(name)
    packed = pack_model(model, precision=precision)
    exact = copy.deepcopy(model).double()

    log_probs, state = packed.next_log_probs(TOKENS, packed.initial_state(3))

    with torch.no_grad():
        expected, final = exact.next_log_probs(TOKENS, exact.initial_state(3))
    assert distance(log_probs, expected) <= LIMITS[precision]
    for part, tensor in final.tensors.items():
        assert distance(state.tensors[part], tensor) <= LIMITS[precision]
    assert state.num_tokens.tolist() == [6, 6, 6]


@pytest.mark.parametrize("has_table", [True, False], ids=["table", "vectors"])
@pytest.mark.parametrize("output", ["chunked", "sampled", "adaptive"])
@pytest.mark.parametrize("embedding", ["trained", "one_hot"])
def test_packed_model_with_other_ends_equals_the_model(
    embedding: str, output: str, has_table: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if output == "adaptive" and not has_adaptive_kernels():
        pytest.skip("the installed kernels have no adaptive softmax")
    if not has_table:
        if embedding == "one_hot":
            pytest.skip("a one-hot embedding always has a table")
        monkeypatch.setattr("nextword.packed.support.MOST_TABLE_BYTES", 0)
    model = made_model(embedding=embedding, output=output)
    packed = pack_model(model)

    log_probs, _ = packed.next_log_probs(TOKENS, packed.initial_state(3))

    with torch.no_grad():
        expected, _ = model.next_log_probs(TOKENS, model.initial_state(3))
    torch.testing.assert_close(log_probs, expected)


def test_packed_model_without_a_table_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = made_model()
    with_table, _ = _read(pack_model(model))
    monkeypatch.setattr("nextword.packed.support.MOST_TABLE_BYTES", 0)

    without_table, _ = _read(pack_model(made_model()))

    torch.testing.assert_close(without_table, with_table)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_packed_model_stops_at_the_length_of_each_row(name: str) -> None:
    model = made_model(name)
    packed = pack_model(model)

    log_probs, state = packed.next_log_probs(TOKENS, packed.initial_state(3), LENGTHS)
    advanced = packed.advance(TOKENS, packed.initial_state(3), LENGTHS)

    with torch.no_grad():
        expected, final = model.next_log_probs(TOKENS, model.initial_state(3), LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(log_probs[row, :length], expected[row, :length])
    for part, tensor in final.tensors.items():
        torch.testing.assert_close(state.tensors[part], tensor)
        assert torch.equal(state.tensors[part], advanced.tensors[part])
    assert state.num_tokens.tolist() == LENGTHS.tolist()


def test_packed_model_scores_and_does_not_change_the_state_it_reads() -> None:
    model = made_model()
    packed = pack_model(model)
    before = packed.initial_state(3)

    nll, _ = packed.nll(TOKENS, TOKENS.roll(1, dims=0).clamp(min=1), before)

    with torch.no_grad():
        expected, _ = model.nll(TOKENS, TOKENS.roll(1, dims=0).clamp(min=1), model.initial_state(3))
    torch.testing.assert_close(nll, expected)
    assert all(not tensor.any() for tensor in before.tensors.values())


def test_packed_model_has_the_states_of_the_model_only_in_float32() -> None:
    model = made_model()
    packed, rounded = pack_model(model), pack_model(model, precision="int8")
    state = packed.advance(TOKENS, packed.initial_state(3))

    restored = model.state_from_bytes(state.to_bytes())

    assert restored.num_tokens.tolist() == [6, 6, 6]
    assert packed.fingerprint() == model.fingerprint() != rounded.fingerprint()
    assert rounded.state_from_bytes(rounded.initial_state(1).to_bytes()).batch_size == 1
    assert rounded.details == {"precision": "int8"}
    assert packed.num_parameters == model.num_parameters
    assert packed.tensors().keys() == model.tensors().keys()


def test_packed_model_refuses_what_the_model_refuses() -> None:
    packed = pack_model(made_model())

    with pytest.raises(VocabularyError, match=f"{VOCAB_SIZE}"):
        packed.advance(torch.tensor([[VOCAB_SIZE]]), packed.initial_state(1))
    with pytest.raises(ShapeError, match="2 rows"):
        packed.advance(TOKENS, packed.initial_state(2))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copy_of_a_packed_model_gives_the_same(
    copied: Callable[[PackedLanguageModel], PackedLanguageModel],
) -> None:
    packed = pack_model(made_model(), precision="int8")

    again = copied(packed)

    assert torch.equal(_read(again)[0], _read(packed)[0])
    assert again.fingerprint() == packed.fingerprint()


def _read(model: LanguageModel) -> tuple[torch.Tensor, object]:
    return model.next_log_probs(TOKENS, model.initial_state(3))
