from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from fakes import network_spec
from families import CASES, Case
from nextword.base import ConfigError, ShapeError, VocabularyError
from nextword.families import RecurrentConfig, RecurrentLanguageModel, RegularizationConfig
from nextword.models import ModelTrace, NeuralLanguageModel, State, model_trace

NEURAL = {
    name: case for name, case in CASES.items() if isinstance(case.build(0), NeuralLanguageModel)
}
RECURRENT = {
    name: case for name, case in NEURAL.items() if not name.startswith(("window", "conv", "transf"))
}
LENGTHS = torch.tensor([6, 3])


def model_of(case: Case) -> NeuralLanguageModel:
    model = case.build(0)
    assert isinstance(model, NeuralLanguageModel)
    return model


def ids_of(model: NeuralLanguageModel, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(model.vocab_size, shape, generator=generator)


def lstm(**settings: object) -> RecurrentLanguageModel:
    torch.manual_seed(0)
    config = RecurrentConfig(**{"hidden_size": 4, **settings})  # type: ignore[arg-type]
    return config.build(network_spec()).double().eval()


def assert_equals_the_model(model: NeuralLanguageModel, *, tolerance: float) -> None:
    state = model.advance(ids_of(model, 2, 5), model.initial_state(2))
    token_ids = ids_of(model, 2, 6)

    trace = model_trace(model, token_ids, state=state, lengths=LENGTHS)

    log_probs, after = model.next_log_probs(token_ids, state, LENGTHS)
    hidden, _ = model.hidden(token_ids, state, lengths=LENGTHS)
    # Rounding is relative to the numbers that are added, which in linear networks are large.
    tolerance *= max(1.0, float(hidden.detach().abs().max()))
    torch.testing.assert_close(trace.log_probs, log_probs, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(trace.hidden, hidden, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(
        dict(trace.state.tensors), dict(after.tensors), rtol=tolerance, atol=tolerance
    )
    assert torch.equal(trace.state.num_tokens, after.num_tokens)


@pytest.mark.parametrize("case", NEURAL.values(), ids=NEURAL)
def test_trace_of_every_family_in_float64_equals_the_model(case: Case) -> None:
    assert_equals_the_model(model_of(case), tolerance=1e-12)


@pytest.mark.parametrize("case", NEURAL.values(), ids=NEURAL)
def test_trace_of_every_family_in_float32_equals_the_model(case: Case) -> None:
    assert_equals_the_model(model_of(case).float(), tolerance=1e-6)


@pytest.mark.parametrize("case", NEURAL.values(), ids=NEURAL)
def test_trace_of_every_family_has_layers_and_embeddings_with_gradients(case: Case) -> None:
    model = model_of(case)
    token_ids = ids_of(model, 2, 6)

    trace = model_trace(model, token_ids)
    [gradient] = torch.autograd.grad(trace.log_probs[0, -1, token_ids[0, 0]], trace.embeddings)

    assert trace.embeddings.is_leaf
    assert len(trace.layers) == case.model.num_layers + (case.model.family == "convolutional")  # type: ignore[union-attr]
    assert all(layer.outputs.requires_grad for layer in trace.layers)
    assert gradient[0].abs().max() > 0.0
    assert not gradient[1].any()


@pytest.mark.parametrize("case", NEURAL.values(), ids=NEURAL)
def test_trace_of_every_family_from_its_own_embeddings_is_the_same(case: Case) -> None:
    model = model_of(case)
    token_ids = ids_of(model, 2, 6)
    embeddings = model.embed(token_ids)

    trace = model_trace(model, token_ids, embeddings=embeddings)
    others = model_trace(model, token_ids, embeddings=0.5 * embeddings)

    assert trace.embeddings is embeddings
    assert torch.equal(trace.log_probs, model_trace(model, token_ids).log_probs)
    assert not torch.equal(trace.log_probs, others.log_probs)


@pytest.mark.parametrize("case", RECURRENT.values(), ids=RECURRENT)
def test_trace_states_end_with_the_state_of_the_model(case: Case) -> None:
    model = model_of(case)

    trace = model_trace(model, ids_of(model, 2, 6), lengths=LENGTHS)

    for depth, layer in enumerate(trace.layers):
        assert len(layer.steps) == 6
        for name, states in layer.states.items():
            assert torch.equal(states[:, -1], trace.state.tensors[f"layer_{depth}.{name}"])
            assert torch.equal(states[1, 2:], states[1, 2:3].expand(4, -1))


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("lstm", ["input_gate", "forget_gate", "cell_candidate", "output_gate"]),
        ("lstm_layer_norm", ["input_gate", "forget_gate", "cell_candidate", "output_gate"]),
        ("gru", ["reset_gate", "update_gate", "new_gate"]),
        ("min_gru", ["update_gate", "candidate"]),
        ("min_lstm", ["forget_gate", "input_gate", "candidate"]),
        ("cifg", ["forget_gate", "cell_candidate", "output_gate"]),
        ("slstm", ["log_input_gate", "log_forget_gate", "cell_candidate", "output_gate"]),
        ("rg_lru", ["recurrence_gate", "input_gate", "candidate"]),
        ("elman", ["preactivation"]),
        ("linear", []),
    ],
)
def test_trace_gates_have_the_names_of_the_cell(cell: str, names: list[str]) -> None:
    model = lstm(cell=cell)

    [layer] = model_trace(model, ids_of(model, 2, 6)).layers

    assert list(layer.gates) == names
    assert all(gate.shape == (2, 6, 4) for gate in layer.gates.values())


@pytest.mark.parametrize("case", [c for n, c in RECURRENT.items() if "-1-" in n])
def test_trace_gradient_of_a_step_is_that_of_running_on_from_its_state(case: Case) -> None:
    model = model_of(case)
    token_ids = ids_of(model, 2, 6)

    trace = model_trace(model, token_ids)
    parts = trace.layers[0].steps[2].states
    found = torch.autograd.grad(trace.log_probs[:, 5, 4].sum(), list(parts.values()))

    start = model.advance(token_ids[:, :3], model.initial_state(2))
    leaves = {f"layer_0.{name}": part.detach().requires_grad_() for name, part in parts.items()}
    after: State = replace(start, tensors={**start.tensors, **leaves})
    log_probs, _ = model.next_log_probs(token_ids[:, 3:], after)
    expected = torch.autograd.grad(log_probs[:, 2, 4].sum(), list(leaves.values()))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_trace_gradient_with_respect_to_a_gate_is_that_of_its_equation() -> None:
    model = lstm()

    [layer] = model_trace(model, ids_of(model, 1, 2)).layers
    [found] = torch.autograd.grad(layer.outputs[0, 1].sum(), layer.steps[1].gates["output_gate"])

    torch.testing.assert_close(found, torch.tanh(layer.steps[1].states["cell_state"]))


def test_trace_jacobian_of_the_cell_state_is_the_forget_gate() -> None:
    [layer] = model_trace(lstm(), torch.tensor([[3, 4, 5]])).layers
    before, after = (layer.steps[time].states["cell_state"] for time in (1, 2))

    rows = [torch.autograd.grad(after[0, i], before, retain_graph=True)[0][0] for i in range(4)]

    forget_gate = layer.steps[2].gates["forget_gate"][0]
    torch.testing.assert_close(torch.stack(rows), torch.diag(forget_gate))


def test_trace_stacked_states_are_no_part_of_later_steps() -> None:
    model = lstm()
    trace = model_trace(model, ids_of(model, 2, 6))
    states = trace.layers[0].states["hidden_state"]

    with pytest.raises(RuntimeError, match="appears to not have been used"):
        torch.autograd.grad(trace.log_probs.sum(), states)


@pytest.mark.parametrize("name", ["lstm-2-tied", "lstm-zoneout", "gru-residual", "transformer-2"])
def test_trace_in_training_mode_draws_the_dropout_of_the_model(name: str) -> None:
    model = model_of(CASES[name]).train()
    token_ids = ids_of(model, 2, 6)

    torch.manual_seed(3)
    trace = model_trace(model, token_ids)
    torch.manual_seed(3)
    hidden, _ = model.hidden(token_ids, model.initial_state(2))

    assert model.training
    torch.testing.assert_close(trace.hidden, hidden, rtol=1e-12, atol=1e-12)


def test_trace_without_steps_has_empty_states() -> None:
    model = lstm()

    trace = model_trace(model, torch.zeros(2, 0, dtype=torch.int64))

    assert trace.log_probs.shape == (2, 0, model.vocab_size)
    assert trace.layers[0].states["cell_state"].shape == (2, 0, 4)
    assert trace.layers[0].gates == {}


def test_trace_residual_layers_record_what_the_next_layer_reads() -> None:
    model = model_of(CASES["gru-residual"])

    _, second, third = model_trace(model, ids_of(model, 2, 6)).layers

    torch.testing.assert_close(third.inputs, second.inputs + second.outputs)


def test_trace_of_frozen_weights_still_has_gradients() -> None:
    model = lstm().requires_grad_(False)

    trace = model_trace(model, ids_of(model, 1, 3))

    assert torch.autograd.grad(trace.log_probs[0, 2, 3], trace.embeddings)[0].abs().max() > 0.0


def test_trace_of_an_ngram_model_is_refused_with_the_reason() -> None:
    model = CASES["ngram-2-add_k"].build(0)

    with pytest.raises(ConfigError, match=r"family 'ngram' has no trace.*from counts"):
        model_trace(model, torch.zeros(1, 2, dtype=torch.int64))


class HiddenAlone(NeuralLanguageModel):
    """A family from outside that defines `hidden` in place of `run_layers`."""

    family = "mine"

    def __init__(self, model: RecurrentLanguageModel) -> None:
        super().__init__(model.vocabulary)
        self.model, self.input, self.embedding = model, model.input, model.embedding
        self.output = model.output

    def initial_state(self, batch_size: int) -> State:
        return self.model.initial_state(batch_size)

    def hidden(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        return self.model.hidden(token_ids, state, lengths=lengths)


def test_trace_of_a_family_without_run_layers_is_refused() -> None:
    model = HiddenAlone(lstm())
    token_ids = ids_of(model, 1, 3)

    assert model.next_log_probs(token_ids, model.initial_state(1))[0].shape == (1, 3, 7)
    with pytest.raises(ConfigError, match="HiddenAlone does not define run_layers"):
        model_trace(model, token_ids)


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (torch.zeros(2, 5, 4, dtype=torch.float64), r"shape \(2, 5, 4\).*here \(2, 6, 4\)"),
        (torch.zeros(2, 6, 3, dtype=torch.float64), r"shape \(2, 6, 3\).*here \(2, 6, 4\)"),
        (torch.zeros(2, 6, 4), r"torch.float32 on cpu, the model's are torch.float64"),
    ],
)
def test_trace_embeddings_that_do_not_fit_are_refused(
    embeddings: torch.Tensor, message: str
) -> None:
    model = lstm()

    with pytest.raises(ShapeError, match=message):
        model_trace(model, ids_of(model, 2, 6), embeddings=embeddings)


def test_trace_of_ids_that_do_not_fit_is_refused() -> None:
    model = lstm()

    with pytest.raises(VocabularyError, match="from 99 to 99"):
        model_trace(model, torch.tensor([[99]]))
    for token_ids in (torch.tensor([3]), torch.tensor(3)):
        with pytest.raises(ShapeError, match="token_ids has shape"):
            model_trace(model, token_ids)


def test_trace_fields_cannot_be_changed() -> None:
    model = lstm()
    trace: ModelTrace = model_trace(model, ids_of(model, 1, 3))

    with pytest.raises(FrozenInstanceError):
        trace.hidden = trace.embeddings  # type: ignore[misc]


def test_trace_regularizer_kinds_are_traced() -> None:
    torch.manual_seed(0)
    noise = RegularizationConfig(recurrent_dropout=0.5, weight_dropout=0.3)
    model = RecurrentConfig(hidden_size=4).build(network_spec(regularization=noise)).double()
    token_ids = ids_of(model, 2, 6)

    torch.manual_seed(1)
    trace = model_trace(model, token_ids)
    torch.manual_seed(1)
    hidden, _ = model.hidden(token_ids, model.initial_state(2))

    torch.testing.assert_close(trace.hidden, hidden, rtol=1e-12, atol=1e-12)
