"""N-gram models with 16-bit values."""

import numpy as np
import torch

from families import Case
from nextword.families import NgramConfig, NgramLanguageModel
from nextword.quantization import quantize_ngrams


def test_ngrams_dequantized_are_close_and_sum_to_one() -> None:
    case = Case(NgramConfig(order=3))
    model = case.build(1)
    assert isinstance(model, NgramLanguageModel)
    ids = torch.tensor([[model.boundary_id, 4, 5, 6, 5, 4]])

    rounded = quantize_ngrams(model).dequantized()

    own, _ = model.next_log_probs(ids, model.initial_state(1))
    found, _ = rounded.next_log_probs(ids, rounded.initial_state(1))
    known = own.isfinite()
    assert torch.equal(known, found.isfinite())
    assert 0 < (own[known] - found[known]).abs().max().item() < 1e-3
    assert np.allclose(found.double().exp().sum(-1), 1.0, atol=1e-3)
    assert rounded.num_parameters == model.num_parameters
