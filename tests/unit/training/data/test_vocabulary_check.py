import logging

import pytest

from nextword.base import DataError
from nextword.text import Corpus, text_document
from nextword.tokens import TokenizerConfig, build_store, train_tokenizer
from nextword.training.data.vocabulary_check import check_vocabulary

CHINESE = "".join(f"{chr(0x4E00 + 7 * n)}他们在那里看书{chr(0x5000 + n)}\n" for n in range(30))
THAI = "".join(f"เขาไปตลาด{number}ทุกวัน ซื้อผลไม้{number}กลับบ้าน\n" for number in range(30))


def check(
    text: str, *, held_out: str | None = None, vocabulary: str | None = None, **settings: object
) -> None:
    """Learn a vocabulary from a text, or from another one, and check it."""
    config = TokenizerConfig(**settings)
    tokenizer = train_tokenizer(config, [text if vocabulary is None else vocabulary])
    texts = {"train": text} | ({} if held_out is None else {"valid": held_out})
    stores = {}
    for part, content in texts.items():
        document = text_document(content, name=part)
        corpus = Corpus(description=part, open_documents=lambda document=document: iter([document]))
        stores[part] = build_store(corpus, tokenizer, folder=None)
    check_vocabulary(
        tokenizer,
        stores,
        config=config,
        descriptions={part: f"{part}.txt" for part in texts},
        init=None if vocabulary is None else "runs/general",
    )


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (CHINESE, {}),
        (THAI, {}),
        (CHINESE, {"vocab_size": 10_000}),
        ("the cat sat on a mat\n", {}),
        ("the cat the cat the dog\n" * 3, {"min_count": 50}),
        ("ab" * 50 + "cdefghijklmnopqrstuvwxyz" * 5, {"kind": "character", "min_count": 20}),
    ],
)
def test_check_vocabulary_that_knows_hardly_a_word_is_refused(
    text: str, settings: dict[str, object]
) -> None:
    with pytest.raises(DataError, match=r"train.txt are unknown to the vocabulary") as caught:
        check(text, **settings)

    assert "tokenizer.kind=character, bpe or byte" in caught.value.help
    assert "tokenizer.min_count" in caught.value.help


def test_check_vocabulary_of_a_blank_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"train.txt holds no words"):
        check("\n\n \n")


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("anna\nbert\ncarl\n", {"min_count": 1}, "most lines of train.txt are one word"),
        ("anna\n" * 40 + "a b\n" * 4, {"min_count": 1}, "most lines of train.txt are one word"),
        (CHINESE, {"min_count": 1}, "most lines of train.txt are one word"),
        ("a=b;" * 20 + " x\n", {"min_count": 1}, "have 41 characters on average"),
        ("a b c d e f\n", {"vocab_size": 6, "min_count": 1}, "67 % of the words of train.txt"),
    ],
)
def test_check_vocabulary_of_a_dubious_text_warns(
    text: str, settings: dict[str, object], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check(text, **settings)

    assert message in caplog.text
    assert "tokenizer.kind=character" in caplog.text


def test_check_vocabulary_warns_of_an_unknown_validation_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        check("the cat sat\nthe cat sat\n", held_out="der hund\nlief weg\n")

    assert "100 % of the words of valid.txt are unknown" in caplog.text


@pytest.mark.parametrize("settings", [{}, {"kind": "character"}, {"kind": "byte"}])
def test_check_vocabulary_of_an_ordinary_text_says_nothing(
    settings: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check("the cat sat\nthe dog sat\n" * 2, held_out="the cat\n", **settings)

    assert not caplog.records


def test_check_vocabulary_of_a_model_to_start_from_that_is_of_another_language_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"100 % of the words of train.txt .* the vocabulary of runs/general"
    ) as caught:
        check("der hund lief weg\n" * 3, vocabulary="the dog ran away\n" * 3)

    assert "Leave --init out" in caught.value.help
    assert "tokenizer.kind=bpe" in caught.value.help


def test_check_vocabulary_of_a_model_to_start_from_that_lacks_a_quarter_warns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        check("the dog ran weg\n" * 3, vocabulary="the dog ran away\n" * 3)

    assert "25 % of the words of train.txt are not in the vocabulary of runs/general" in caplog.text
