"""What all models of transformers share: rows that are read side by side, and an identity."""

import pytest
import torch

import huggingface_models as made
from nextword.interop.huggingface.model import row_groups


def test_row_groups_take_every_row_that_reads_once() -> None:
    num_before, lengths = torch.tensor([4, 0, 4, 4, 0]), torch.tensor([2, 2, 0, 2, 1])

    groups = list(row_groups(num_before, 2, lengths=lengths))

    assert [(group.num_before, group.num_steps, group.rows.tolist()) for group in groups] == [
        (0, 1, [4]),
        (0, 2, [1]),
        (4, 2, [0, 3]),
    ]


def test_row_groups_of_no_steps_are_none() -> None:
    assert list(row_groups(torch.tensor([4, 0]), 0, lengths=None)) == []


def test_huggingface_fingerprint_tells_weights_and_precision_apart() -> None:
    pytest.importorskip("transformers")
    models = [made.model("gpt2"), made.model("gpt2", seed=1), made.model("gpt2")]
    models[2].float()

    first, other_weights, other_precision = (model.fingerprint() for model in models)

    assert first == made.model("gpt2").fingerprint()
    assert len({first, other_weights, other_precision}) == 3


def test_huggingface_parameters_are_all_counted_once() -> None:
    pytest.importorskip("transformers")
    model = made.model("gpt2")

    assert model.num_parameters == sum(part.numel() for part in model.tensors().values())
