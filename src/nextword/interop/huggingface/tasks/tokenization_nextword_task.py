"""The words of a text with their ids, characters and n-grams, for transformers.

nextword writes a copy of this file beside the weights. The library `tokenizers` splits a text into
words and knows their places; their ids are looked up here, because the model reads the characters
of unknown words too.
"""

import re
from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerFast
from transformers.tokenization_utils_base import BatchEncoding

from .ngrams_nextword_task import ngram_ids

#: Longer words are represented by their first and last characters.
_MAX_CHARACTERS = 40
#: Largest number of character ids of a word: its characters, its beginning and its end.
_WIDTH = _MAX_CHARACTERS + 2
_DIGIT = re.compile(r"\d")


class NextwordTaskTokenizer(PreTrainedTokenizerFast):
    """Splits texts into words, and returns the ids of the words and of their characters.

    Its settings are stored in `tokenizer_config.json`:

    - `lowercase`, `normalize_digits`: how words are looked up; characters are not changed.
    - `known_characters`: the characters with an id; empty for a model that reads no characters.
    - `ngrams`: sizes of the n-grams of a classifier; empty for none.
    - `max_words`: number of words of a text whose n-grams are read; no limit when None.
    """

    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012

    def _encode_plus(self, text: Any, text_pair: Any = None, **options: Any) -> BatchEncoding:
        """Encode one text, or several."""
        if text_pair is not None:
            raise ValueError("this model reads one text, not pairs of texts")
        is_split = bool(options.get("is_split_into_words"))
        is_batch = isinstance(text, list | tuple) and (
            not is_split or (len(text) > 0 and isinstance(text[0], list | tuple))
        )
        texts = list(text) if is_batch else [text]
        return_tensors = options.pop("return_tensors", None)
        wants_offsets = options.pop("return_offsets_mapping", False)
        found = super()._encode_plus(texts, return_offsets_mapping=True, **options)
        values: dict[str, Any] = dict(found)
        places = values.get("overflow_to_sample_mapping", range(len(texts)))
        rows = [
            _words(texts[place], encoding, is_split=is_split)
            for place, encoding in zip(places, found.encodings or [], strict=True)
        ]
        values["input_ids"] = [[self._word_id(word) for word in row] for row in rows]
        if self._setting("known_characters"):
            values["character_ids"] = [[self._character_ids(word) for word in row] for row in rows]
        if self._setting("ngrams"):
            values["ngram_ids"] = _padded([self._ngram_ids(row) for row in rows])
        if not wants_offsets:
            del values["offset_mapping"]
        if not is_batch and return_tensors is None and "overflow_to_sample_mapping" not in values:
            values = {name: value[0] for name, value in values.items()}
        return BatchEncoding(values, found.encodings, tensor_type=return_tensors)

    def pad(self, encoded_inputs: Any, *arguments: Any, **options: Any) -> BatchEncoding:
        """Pad texts to the same number of words, and of n-grams."""
        if isinstance(encoded_inputs, list | tuple):
            if encoded_inputs and "ngram_ids" in encoded_inputs[0]:
                rows = _padded([list(each["ngram_ids"]) for each in encoded_inputs])
                encoded_inputs = [
                    {**each, "ngram_ids": row}
                    for each, row in zip(encoded_inputs, rows, strict=True)
                ]
        elif "ngram_ids" in encoded_inputs and _is_nested(encoded_inputs["ngram_ids"]):
            rows = _padded([list(row) for row in encoded_inputs["ngram_ids"]])
            encoded_inputs = {**encoded_inputs, "ngram_ids": rows}
        return super().pad(encoded_inputs, *arguments, **options)

    def _pad(self, encoded_inputs: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Pad one text to a number of words."""
        padded: dict[str, Any] = super()._pad(encoded_inputs, *arguments, **options)
        if "character_ids" in padded:
            missing = len(padded["input_ids"]) - len(padded["character_ids"])
            side = options.get("padding_side") or self.padding_side
            rows, blank = list(padded["character_ids"]), [[0] * _WIDTH] * missing
            padded["character_ids"] = rows + blank if side == "right" else blank + rows
        return padded

    def _setting(self, name: str) -> Any:
        return self.init_kwargs.get(name)

    def _table(self, name: str) -> dict[str, int]:
        """Return the ids of all words, or of all characters; built when first used."""
        tables = self.__dict__.setdefault("_tables", {})
        if name not in tables:
            if name == "words":
                special = {self.pad_token, self.unk_token}
                found = {k: v for k, v in self.get_vocab().items() if k not in special}
            else:
                found = {sign: i for i, sign in enumerate(self._setting("known_characters"), 2)}
            tables[name] = found
        known: dict[str, int] = tables[name]
        return known

    def _word_id(self, word: str | None) -> int:
        if word is None:
            return int(self.pad_token_id)
        if self._setting("lowercase"):
            word = word.lower()
        if self._setting("normalize_digits"):
            word = _DIGIT.sub("0", word)
        return self._table("words").get(word, int(self.unk_token_id))

    def _character_ids(self, word: str | None) -> list[int]:
        """Return the ids of the characters of a word between marks; 0 is padding, 1 unknown."""
        if word is None:
            return [0] * _WIDTH
        if len(word) > _MAX_CHARACTERS:
            half = _MAX_CHARACTERS // 2
            word = word[:half] + word[-half:]
        known = self._table("characters")
        begin = len(known) + 2
        ids = [begin, *(known.get(sign, 1) for sign in word), begin + 1]
        return ids + [0] * (_WIDTH - len(ids))

    def _ngram_ids(self, words: Sequence[str | None]) -> list[int]:
        known = [word for word in words if word is not None][: self._setting("max_words")]
        return ngram_ids(known, **self._setting("ngrams"))


def _words(text: Any, encoding: Any, *, is_split: bool) -> list[str | None]:
    """Return the word of each position; None for padding."""
    found: list[str | None] = []
    for word_id, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if word_id is None:
            found.append(None)
        else:
            found.append((text[word_id] if is_split else text)[start:end])
    return found


def _padded(rows: list[list[int]]) -> list[list[int]]:
    longest = max((len(row) for row in rows), default=0)
    return [row + [0] * (longest - len(row)) for row in rows]


def _is_nested(values: Any) -> bool:
    return len(values) > 0 and not isinstance(values[0], int)
