"""Networks of 8-bit weights."""

import torch

from families import Case
from nextword.families import RecurrentConfig, RecurrentLanguageModel
from nextword.quantization import quantize_network


def network(**settings: object) -> RecurrentLanguageModel:
    model = Case(RecurrentConfig(hidden_size=6, num_layers=2, **settings)).build(1)
    assert isinstance(model, RecurrentLanguageModel)
    return model.float()


def test_network_quantizes_matrices_and_keeps_vectors() -> None:
    model = network(tied=False)

    quantized = quantize_network(model)

    tensors = model.tensors()
    assert quantized.matrices.keys() | quantized.vectors.keys() == tensors.keys()
    assert "output.weight" in quantized.matrices
    assert all(torch.equal(vector, tensors[name]) for name, vector in quantized.vectors.items())


def test_network_dequantized_has_the_rounded_weights_and_leaves_the_model_unchanged() -> None:
    model = network()
    before = {name: tensor.clone() for name, tensor in model.tensors().items()}
    quantized = quantize_network(model)

    rounded = quantized.dequantized()

    for name, rows in quantized.matrices.items():
        assert torch.equal(rounded.tensors()[name], rows.dequantized())
        assert not torch.equal(rounded.tensors()[name], before[name])
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.tensors().items())
    assert rounded.fingerprint() != model.fingerprint()
    # A tied table is still one parameter.
    assert rounded.output.weight is rounded.embedding


def test_network_dequantized_twice_is_the_same() -> None:
    once = quantize_network(network()).dequantized()

    twice = quantize_network(once).dequantized()

    assert twice.fingerprint() == once.fingerprint()


def test_network_num_bytes_counts_codes_scales_and_vectors() -> None:
    model = network()

    quantized = quantize_network(model)

    codes = sum(tensor.numel() for tensor in model.tensors().values() if tensor.ndim == 2)
    rows = sum(len(tensor) for tensor in model.tensors().values() if tensor.ndim == 2)
    vectors = sum(tensor.numel() for tensor in model.tensors().values() if tensor.ndim == 1)
    assert quantized.num_bytes == codes + 4 * rows + 4 * vectors


def test_network_dequantized_predicts_almost_the_same() -> None:
    model = network()
    ids = torch.tensor([[3, 4, 5, 6, 4, 5]])

    own, _ = model.next_log_probs(ids, model.initial_state(1))
    rounded_model = quantize_network(model).dequantized()
    rounded, _ = rounded_model.next_log_probs(ids, rounded_model.initial_state(1))

    known = own.isfinite()
    difference = (own[known] - rounded[known]).abs().max().item()
    assert 0 < difference < 0.1
