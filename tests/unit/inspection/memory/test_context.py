import math

import numpy as np
import pytest
import torch

from fakes import HashModel, random_text, store_of, tokenizer_of, uniform_model
from nextword.families import NgramConfig, train_ngram
from nextword.inspection.memory import context_curve, read_memory_text

TEXT = random_text(60, num_words=6)
TOKENIZER = tokenizer_of(TEXT)
POSITIONS = np.arange(20, 60)


def test_ngram_needs_its_order_minus_one_tokens() -> None:
    model = train_ngram(store_of(TOKENIZER, TEXT), TOKENIZER, config=NgramConfig(order=3))

    curve = context_curve(
        model, read_memory_text(TEXT, TOKENIZER), positions=POSITIONS, max_length=20
    )

    assert curve.lengths[:2] == (1, 2)
    assert set(curve.nll[1:]) == {curve.nll[1]}
    assert curve.nll[0] != curve.nll[1]
    assert curve.enough == 2


def test_loss_of_a_length_equals_reading_these_tokens_from_the_initial_state() -> None:
    model = HashModel(TOKENIZER.vocab_size, boundary_id=TOKENIZER.boundary_id)
    text = read_memory_text(TEXT, TOKENIZER)

    curve = context_curve(model, text, positions=POSITIONS, max_length=7)

    for length, nll in zip(curve.lengths, curve.nll, strict=True):
        losses = []
        for position in POSITIONS:
            ids = torch.from_numpy(text.token_ids[None, position - length : position])
            log_probs, _ = model.next_log_probs(ids, model.initial_state(1))
            losses.append(-float(log_probs[0, -1, text.token_ids[position]]))
        assert nll == pytest.approx(np.mean(losses), rel=1e-5)


def test_uniform_model_has_its_bits_per_byte_at_all_lengths() -> None:
    tokenizer = tokenizer_of(TEXT, kind="byte")
    model = uniform_model(tokenizer.vocab_size, boundary_id=2)

    curve = context_curve(
        model,
        read_memory_text(TEXT, tokenizer),
        positions=POSITIONS,
        max_length=5,
        are_bytes=True,
    )

    expected = math.log2(tokenizer.vocab_size - 2)
    assert curve.bits_per_byte == pytest.approx([expected] * len(curve.lengths))
    assert curve.perplexities == pytest.approx([tokenizer.vocab_size - 2] * len(curve.lengths))
    assert curve.enough == 1
    assert curve.mean_bytes == 1.0
