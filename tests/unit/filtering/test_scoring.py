"""Documents are scored as the perplexity card does, whatever stands beside them."""

import math
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text, store_of, tokenizer_of
from families import CASES
from nextword.base import encode
from nextword.evaluation import DEFAULT_BATCH_SIZE
from nextword.families import NgramConfig, train_ngram
from nextword.filtering import DocumentScorer, document_scores
from nextword.storage import save_model
from nextword.tokens.config import Split


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


@pytest.mark.parametrize("split", ["whitespace", "words"])
@pytest.mark.parametrize("text", ["w1  w2 ,\tw3.\n", "w1 w2\n", "w1 other w2\n"])
def test_document_scores_undefined_figures_are_those_of_the_card(
    split: Split, text: str, tmp_path: Path
) -> None:
    tokenizer = tokenizer_of("w1 w2 w3 , . \n", split=split)
    trained = train_ngram(
        store_of(tokenizer, "w1 w2 , w3 .\n"), tokenizer, config=NgramConfig(order=2)
    )
    save_model(
        tmp_path / "model",
        trained,
        config={"model": encode(NgramConfig(order=2))},
        tokenizer=tokenizer,
        card="",
    )
    model = nw.load(tmp_path / "model")

    [score], card = model.document_scores([text]), model.evaluate(text=text, reset="document")

    assert score.num_characters_lost == card.num_characters_lost
    for name in ("perplexity", "perplexity_per_word", "bits_per_byte"):
        assert score.to_dict()[name] == pytest.approx(getattr(card, name), abs=1e-6)


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
