"""Saturation of gates: shares counted by hand, and gates driven to their limits."""

import pytest
import torch

from families import CASES
from inspected_models import random_passage, recurrent_model
from nextword.inspection import gate_saturation
from nextword.models import model_trace


def test_gate_saturation_counts_activations_beyond_the_limits() -> None:
    model, passage = recurrent_model("lstm", num_layers=2), random_passage(300)

    gates = {(gate.layer, gate.gate): gate for gate in gate_saturation(model, passage)}

    trace = model_trace(model, passage.token_ids[None])
    assert len(gates) == 8
    for number, layer in enumerate(trace.layers, start=1):
        for name, values in layer.gates.items():
            low, high = (-0.9, 0.9) if name == "cell_candidate" else (0.1, 0.9)
            found = gates[number, name]
            assert found.share_low == pytest.approx(float((values < low).double().mean()))
            assert found.share_high == pytest.approx(float((values > high).double().mean()))
            assert found.mean == pytest.approx(float(values.detach().mean()), abs=1e-5)
            assert sum(found.histogram) == pytest.approx(1.0)


def test_gate_saturation_of_open_forget_gates_is_all_high() -> None:
    model = recurrent_model("lstm")
    with torch.no_grad():
        model.core.layers[0].get_parameter("bias")[4:8] = 100.0

    forget = next(
        gate for gate in gate_saturation(model, random_passage(5)) if gate.gate == "forget_gate"
    )

    assert (forget.share_low, forget.share_high) == (0.0, 1.0)
    assert forget.histogram[-1] == 1.0


def test_gate_saturation_of_gru_has_its_gates_and_elman_none() -> None:
    names = [gate.gate for gate in gate_saturation(recurrent_model("gru"), random_passage(5))]

    assert names == ["reset_gate", "update_gate", "new_gate"]
    assert gate_saturation(recurrent_model("elman-tanh"), random_passage(5)) == ()


def test_gate_saturation_of_a_window_model_is_empty() -> None:
    model = CASES["window-3-untied"].build(seed=0)
    passage = random_passage(5, vocab_size=model.vocab_size, boundary_id=model.boundary_id)

    assert gate_saturation(model, passage) == ()
