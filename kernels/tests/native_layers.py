"""The same layers through the kernels, with the products outside of time made by torch."""

import torch
from torch import Tensor

import nextword_kernels as kernels
from reference_layers import LayerCase, Named

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
UNSET = float("nan")


def run_native(case: LayerCase, *, precision: str, num_threads: int = 1) -> Named:
    """Give outputs, final state and every gradient, as the reference names them."""
    packed = kernels.pack(case.weights, precision=precision, num_threads=num_threads)
    run = {"lstm": _run_lstm, "gru": _run_gru}.get(case.kind, _run_elman)
    return run(case, packed, DTYPES[precision], num_threads)


def unset(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Memory that shows whether it was written: NaN."""
    return torch.full(shape, UNSET, dtype=dtype)


def _common(case: LayerCase, dtype: torch.dtype, num_threads: int) -> tuple[dict, dict, Tensor]:
    num_steps, batch_size, hidden_size = case.grad_outputs.shape
    inputs = {
        "input_gates": case.input_gates.to(dtype, copy=True),
        "initial_hidden": case.initial_hidden,
        "lengths": case.lengths,
        "mask": case.mask,
        "num_threads": num_threads,
    }
    results = {
        "outputs": unset(num_steps, batch_size, hidden_size, dtype=dtype),
        "final_hidden": unset(batch_size, hidden_size),
    }
    # The activated gates take the place of the input gates, as in real use.
    gates = inputs["input_gates"]
    return inputs, results, gates if dtype == torch.float32 else gates.view(torch.int16)


def _grad_recurrent(case: LayerCase, results: Named, grad_gates: Tensor) -> Tensor:
    """The gradient of the recurrent matrix: one product over all steps."""
    before = torch.cat([case.initial_hidden[None], results["outputs"].float()])[:-1]
    if case.mask is not None:
        before = before * case.mask
    return grad_gates.float().flatten(0, 1).T @ before.flatten(0, 1)


def _run_lstm(
    case: LayerCase, packed: kernels.PackedMatrix, dtype: torch.dtype, num_threads: int
) -> Named:
    inputs, results, gates = _common(case, dtype, num_threads)
    results["final_cell"] = unset(*case.initial_hidden.shape)
    cells = unset(*case.grad_outputs.shape)
    kernels.lstm_forward(
        packed, **inputs, initial_cell=case.initial_cell, gates=gates, cells=cells, **results
    )
    grad_gates = inputs["input_gates"]
    gradients = {
        "grad_hidden": case.grad_final_hidden.clone(),
        "grad_cell": case.grad_final_cell.clone(),
        "grad_bias": unset(packed.num_gates * packed.hidden_size),
    }
    kernels.lstm_backward(
        packed,
        gates=gates,
        cells=cells,
        initial_cell=case.initial_cell,
        grad_outputs=case.grad_outputs.to(dtype),
        lengths=case.lengths,
        mask=case.mask,
        grad_gates=grad_gates,
        num_threads=num_threads,
        **gradients,
    )
    return results | {
        "grad_weights": _grad_recurrent(case, results, grad_gates),
        "grad_input_gates": grad_gates,
        "grad_initial_hidden": gradients["grad_hidden"],
        "grad_initial_cell": gradients["grad_cell"],
        "grad_bias": gradients["grad_bias"],
    }


def _run_gru(
    case: LayerCase, packed: kernels.PackedMatrix, dtype: torch.dtype, num_threads: int
) -> Named:
    inputs, results, gates = _common(case, dtype, num_threads)
    candidates = unset(*case.grad_outputs.shape)
    kernels.gru_forward(
        packed,
        **inputs,
        recurrent_bias=case.recurrent_bias,
        gates=gates,
        candidates=candidates,
        **results,
    )
    grad_gates, in_place = inputs["input_gates"], dtype == torch.float32
    grad_candidates = candidates if in_place else unset(*candidates.shape, dtype=dtype)
    hidden_size = packed.hidden_size
    gradients = {
        "grad_hidden": case.grad_final_hidden.clone(),
        "grad_bias": unset(3 * hidden_size),
        "grad_recurrent_bias": unset(hidden_size),
    }
    kernels.gru_backward(
        packed,
        gates=gates,
        candidates=candidates,
        outputs=results["outputs"],
        initial_hidden=case.initial_hidden,
        grad_outputs=case.grad_outputs.to(dtype),
        lengths=case.lengths,
        mask=case.mask,
        grad_gates=grad_gates,
        grad_candidates=grad_candidates,
        num_threads=num_threads,
        **gradients,
    )
    recurrent = torch.cat([grad_gates[..., : 2 * hidden_size], grad_candidates], dim=2)
    return results | {
        "grad_weights": _grad_recurrent(case, results, recurrent),
        "grad_input_gates": grad_gates,
        "grad_initial_hidden": gradients["grad_hidden"],
        "grad_recurrent_bias": gradients["grad_recurrent_bias"],
        "grad_bias": gradients["grad_bias"],
    }


def _run_elman(
    case: LayerCase, packed: kernels.PackedMatrix, dtype: torch.dtype, num_threads: int
) -> Named:
    inputs, results, gates = _common(case, dtype, num_threads)
    if dtype != torch.float32:  # the hidden states have no bound
        gates = unset(*case.input_gates.shape)
    kernels.elman_forward(packed, **inputs, nonlinearity=case.kind, gates=gates, **results)
    grad_gates = inputs["input_gates"]
    gradients = {
        "grad_hidden": case.grad_final_hidden.clone(),
        "grad_bias": unset(packed.hidden_size),
    }
    kernels.elman_backward(
        packed,
        gates=gates,
        nonlinearity=case.kind,
        grad_outputs=case.grad_outputs.to(dtype),
        lengths=case.lengths,
        mask=case.mask,
        grad_gates=grad_gates,
        num_threads=num_threads,
        **gradients,
    )
    return results | {
        "grad_weights": _grad_recurrent(case, results, grad_gates),
        "grad_input_gates": grad_gates,
        "grad_initial_hidden": gradients["grad_hidden"],
        "grad_bias": gradients["grad_bias"],
    }


def relative_errors(results: Named, truth: Named) -> dict[str, float]:
    """Relative L2 error of every result; exact where the truth is 0."""
    assert results.keys() == truth.keys()
    errors = {}
    for name, expected in truth.items():
        difference = (results[name].double() - expected).norm().item()
        size = expected.norm().item()
        errors[name] = difference / size if size > 0 else difference
    return errors
