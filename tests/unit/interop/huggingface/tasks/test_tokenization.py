"""The tokenizer of taggers and classifiers beside what the models themselves read."""

import unicodedata
from typing import Any

import pytest
import torch

from labelling_models import STRANGE, classifier, tagger, texts
from nextword.interop.onnx.tasks.inputs import task_inputs
from nextword.tasks.classification.splitting import splitter
from nextword.tasks.encoding import EncoderConfig, build_vocabulary

pytest.importorskip("transformers")
files = pytest.importorskip("nextword.interop.huggingface.tasks.tokenizer_files")
folder = pytest.importorskip("nextword.interop.huggingface.tasks.folder")

VOCABULARY = build_vocabulary([["the", "film"], ["the", "<pad>"]], EncoderConfig())


def tokenizer(split: str = "blanks", **settings: Any) -> Any:
    return files.task_tokenizer(VOCABULARY, split=split, characters=True, **settings)


@pytest.mark.parametrize("split", ["blanks", "punctuation", "characters"])
def test_words_are_those_of_the_splitter(split: str) -> None:
    made = tokenizer(split)

    for text in [*texts(), "a\x1cb\x85c\u2028d", "1,000.5 rock'n'roll 'tis \u2019s _x a\u0301"]:
        offsets = made(text, return_offsets_mapping=True)["offset_mapping"]
        assert [text[start:end] for start, end in offsets] == splitter(split)(text)


def test_every_letter_and_sign_is_split_as_python_splits_it() -> None:
    backend = tokenizer("punctuation").backend_tokenizer
    # Letters that are newer than one of the two libraries are left out.
    signs = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
    ]
    split = splitter("punctuation")
    text = " ".join(f"a{sign}b" for sign in signs)

    found = backend.pre_tokenizer.pre_tokenize_str(text)

    assert [word for word, _ in found] == split(text)


@pytest.mark.parametrize("model", [tagger("parts-of-speech"), classifier("max-ngrams")], ids=type)
def test_ids_are_those_that_the_model_reads(model: Any) -> None:
    made = folder._tokenizer(model)
    rows = [["the", "cat", *STRANGE], ["zug"], ["Ann", "film", "great", "film"]]

    found = made(rows, is_split_into_words=True, padding=True, return_tensors="pt")

    expected = task_inputs(model, rows)
    assert found["input_ids"].tolist() == expected["word_ids"].tolist()
    if "character_ids" in found:
        width = expected["character_ids"].shape[2]
        assert found["character_ids"][:, :, :width].tolist() == expected["character_ids"].tolist()
        assert not found["character_ids"][:, :, width:].any()
    if "ngram_ids" in found:
        assert found["ngram_ids"].tolist() == expected["ngram_ids"].tolist()


def test_literal_names_of_special_tokens_are_words() -> None:
    made = tokenizer()

    found = made("the <unk> <pad> <<pad>> film")

    assert (made.pad_token, made.unk_token) == ("<<pad>>", "<unk>")
    assert found["input_ids"] == [2, 1, 4, 1, 3]


def test_rows_of_a_data_set_are_padded_together() -> None:
    made = tokenizer(ngrams={"longest": 1, "longest_characters": 0, "table_size": 50})
    rows = [made("the film"), made("the film was great"), made("")]

    for side in ("right", "left"):
        made.padding_side = side
        found = made.pad(rows, return_tensors="pt")

        assert found["input_ids"].shape == (3, 4)
        assert found["character_ids"].shape == (3, 4, 42)
        assert found["ngram_ids"].shape == (3, max(len(row["ngram_ids"]) for row in rows))
        has_characters = (found["character_ids"] > 0).any(2)
        assert torch.equal(has_characters, found["attention_mask"].bool())


def test_long_texts_overflow_into_several_rows() -> None:
    made = tokenizer()

    found = made(
        "the film the film the", max_length=2, truncation=True, return_overflowing_tokens=True
    )

    assert found["input_ids"] == [[2, 3], [2, 3], [2]]
    assert [len(row) for row in found["character_ids"]] == [2, 2, 1]
