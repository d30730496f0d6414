"""Documents are scored as the perplexity card does, whatever stands beside them."""

import math
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from families import CASES
from nextword.evaluation import DEFAULT_BATCH_SIZE
from nextword.filtering import DocumentScorer, document_scores


def test_document_scores_are_those_of_the_card(ngram_folder: Path) -> None:
    model = nw.load(ngram_folder)
    texts = [random_text(n, seed=n) for n in (3, 1, 12)]

    found = model.document_scores(texts)

    for text, score in zip(texts, found, strict=True):
        card = model.evaluate(text=text, reset="document")
        assert score.nll == pytest.approx(card.nll_sum)
        assert (score.num_tokens, score.num_words, score.num_bytes) == (
            card.num_tokens,
            card.num_words,
            card.num_bytes,
        )
        assert score.perplexity == pytest.approx(card.perplexity, abs=1e-6)
        assert score.bits_per_byte == pytest.approx(card.bits_per_byte, abs=1e-6)


@pytest.mark.parametrize("name", ["lstm-1-untied", "window-3-character", "ngram-3-kneser_ney"])
def test_document_scores_do_not_depend_on_the_batch(name: str) -> None:
    case = CASES[name]
    model = case.build(0)
    texts = ["", *(random_text(n % 4, seed=n, num_words=5) for n in range(40)), "w1 w2", "w1 w2\n"]

    one, many = (
        list(document_scores(DocumentScorer(model, case.tokenizer, batch_size=size), texts))
        for size in (1, DEFAULT_BATCH_SIZE)
    )

    assert [score.to_dict() for score in one] == [pytest.approx(score.to_dict()) for score in many]
    assert one[0].num_tokens == 0
    # A missing newline at the end is added if line ends are tokens.
    assert (one[-2].nll == one[-1].nll) is case.tokenizer.has_line_end_token


def test_document_score_without_tokens_or_with_an_impossible_one_has_no_perplexity() -> None:
    case = CASES["ngram-3-maximum_likelihood"]
    scorer = DocumentScorer(case.build(0), case.tokenizer)

    empty, impossible = document_scores(scorer, ["", "w1 " * 50 + "w2"])

    assert (empty.nll, empty.num_tokens, empty.perplexity, empty.bits_per_byte) == (
        0,
        0,
        None,
        None,
    )
    assert impossible.nll == math.inf
    assert impossible.to_dict()["nll"] is None
    assert (impossible.perplexity, impossible.bits_per_byte) == (None, None)
