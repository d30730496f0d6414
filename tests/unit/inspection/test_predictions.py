"""Predictions along a passage: equal to reading it at once, from any start."""

import pytest

from families import CASES
from inspected_models import random_passage
from nextword.inspection import next_words_along
from nextword.inspection.predictions import NextWords


@pytest.mark.parametrize("name", ["lstm-2-tied", "ngram-3-kneser_ney"])
def test_next_words_along_are_the_predictions_of_the_model(name: str) -> None:
    case = CASES[name]
    model = case.build(seed=1)
    passage = random_passage(
        90, vocab_size=case.tokenizer.vocab_size, boundary_id=model.boundary_id
    )

    found = next_words_along(model, case.tokenizer, passage=passage, start=5, num_tokens=80, k=2)

    log_probs, _ = model.next_log_probs(passage.token_ids[None], model.initial_state(1))
    assert len(found) == 80
    for index in (0, 70):
        row = log_probs[0, 5 + index].detach()
        target = int(passage.target_ids[5 + index])
        assert found[index].surprisal == pytest.approx(-float(row[target]) / 0.6931471805599453)
        best = case.tokenizer.token_text(int(row.argmax()))
        assert found[index].most_probable[0] == (best, pytest.approx(float(row.max().exp())))
        assert found[index].target == passage.texts[5 + index]


def test_next_words_describe_leaves_tiny_probabilities_out() -> None:
    case = CASES["lstm-2-tied"]
    model = case.build(seed=1)
    passage = random_passage(4, vocab_size=case.tokenizer.vocab_size, boundary_id=model.boundary_id)

    [first, *_] = next_words_along(model, case.tokenizer, passage=passage, num_tokens=4, k=99)

    assert len(first.most_probable) == case.tokenizer.vocab_size
    assert "0.0%" not in first.describe()
    assert first.describe().startswith(f"next: {first.target!r}, {first.surprisal:.2f} bits\n")


def test_next_words_describe_says_that_all_probabilities_are_tiny() -> None:
    words = NextWords(target="a", surprisal=12.0, most_probable=(("b", 0.0003),))

    assert words.describe().endswith("most probable: every token has less than 0.05%")
