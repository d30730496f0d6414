"""The loss against a plain loop over unpadded rows and steps."""

import pytest
import torch

from nextword.tasks.decoding import TargetLoss
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tasks.transduction.network.parts import TransducerParts
from tiny_transducer import SOURCES, plain_log_probs, tiny_batch, tiny_model, tiny_parts

DECODERS = (
    {"attention": "general", "hidden_size": 5},
    {"attention": "additive", "input_feeding": True},
    {"attention": "dot", "hidden_size": 10, "location_width": 2},
    {"attention": "none", "cell": "gru"},
    {"attention": "general", "num_layers": 2, "cell": "elman"},
)


def expected_nll(parts: TransducerParts, model: EncoderDecoder) -> float:
    batch = tiny_batch(parts)
    total = 0.0
    for row in range(len(SOURCES)):
        source = batch.source_ids[row, : batch.source_lengths[row]]
        target = batch.targets.target_ids[row, : batch.targets.lengths[row]].tolist()
        total -= sum(plain_log_probs(model, source, target))
    return total


@pytest.mark.parametrize("decoder", DECODERS, ids=str)
def test_loss_equals_a_plain_loop(decoder: dict) -> None:
    parts = tiny_parts(**decoder)
    model = tiny_model(parts, scale=1.0)

    loss = model.loss(tiny_batch(parts))

    assert loss.num_tokens == sum(map(len, ("xy", "xxyx", "y", "yyyx", "x"))) + 5
    assert float(loss.nll_sum) == pytest.approx(expected_nll(parts, model), abs=1e-9)


@pytest.mark.parametrize("decoder", DECODERS, ids=str)
def test_loss_gradient_of_a_batch_is_the_sum_of_its_rows(decoder: dict) -> None:
    parts = tiny_parts(**decoder)
    model = tiny_model(parts, scale=1.0)

    def gradient(losses: list[TargetLoss]) -> torch.Tensor:
        model.zero_grad()
        for loss in losses:
            loss.smoothed_sum.backward()
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    whole = gradient([model.loss(tiny_batch(parts))])
    rows = gradient([model.loss(tiny_batch(parts, slice(i, i + 1))) for i in range(5)])

    torch.testing.assert_close(whole, rows)


def test_loss_label_smoothing_mixes_in_the_mean_over_all_tokens() -> None:
    parts = tiny_parts()
    model = tiny_model(parts, scale=1.0)
    plain = model.loss(tiny_batch(parts))
    uniform = model.loss(tiny_batch(parts), label_smoothing=1.0)

    loss = model.loss(tiny_batch(parts), label_smoothing=0.1)

    assert float(loss.nll_sum) == float(plain.nll_sum)
    mixed = 0.9 * plain.smoothed_sum + 0.1 * uniform.smoothed_sum
    torch.testing.assert_close(loss.smoothed_sum, mixed)


def test_loss_free_running_reads_own_predictions() -> None:
    parts = tiny_parts()
    model = tiny_model(parts)
    batch = tiny_batch(parts)
    torch.manual_seed(1)

    own = model.loss(batch, free_running_probability=1.0)

    assert float(own.nll_sum) != pytest.approx(float(model.loss(batch).nll_sum))


def test_loss_probabilities_never_include_padding_and_start() -> None:
    model = tiny_model(tiny_parts())

    assert not {0, 2} & set(model.decoder.output_ids.tolist())
