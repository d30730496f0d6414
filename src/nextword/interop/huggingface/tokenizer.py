"""A Hugging Face tokenizer behind the `Tokenizer` interface. Knows nothing of models or files."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import tokenizers

from nextword.base import DataError, require_text
from nextword.interop.huggingface.round_trip import RoundTrip
from nextword.tokens import (
    Encoding,
    Offsets,
    StreamDecoder,
    Tokenizer,
    TokenTexts,
    TokenUnit,
    checked_id,
    merged_pairs,
)

_UNFINISHED = "\ufffd"


class HuggingFaceTokenizer(Tokenizer):
    """A tokenizer of the `tokenizers` library.

    Tokens are subwords, and a line ends only with a newline character. A token may continue after
    a newline (GPT-2 has a token for two newlines), so a text encoded in parts may have other ids
    than the whole text. The name of a special token in a text is encoded as ordinary text.

    Args:
        backend: The tokenizer; it is copied.
        vocab_size: Number of ids of the model; ids that the tokenizer does not use have no text.
        boundary_id: Id that the model reads before the first token of a text.
        sentence_end_id: Id that ends a text. Generation does not sample it.
        unknown_id: Id of what the tokenizer cannot encode; None if it encodes every text.
        pad_id: Id of the padding token; `sentence_end_id` if None.
    """

    unit: TokenUnit = "subword"
    is_word_level = False
    has_line_end_token = False
    has_closed_vocabulary = False
    has_learned_vocabulary = True
    is_defined_by_tokens = False
    is_lossless = False
    never_ids: tuple[int, ...] = ()

    def __init__(
        self,
        backend: tokenizers.Tokenizer,
        *,
        vocab_size: int,
        boundary_id: int,
        sentence_end_id: int,
        unknown_id: int | None = None,
        pad_id: int | None = None,
    ) -> None:
        self._backend = tokenizers.Tokenizer.from_str(backend.to_str())
        self._backend.no_truncation()
        self._backend.no_padding()
        self._backend.encode_special_tokens = True
        self._unknown_id = _unknown_id(self._backend, unknown_id, sentence_end_id=sentence_end_id)
        self._round_trip = RoundTrip(self._backend, unknown_id=self._unknown_id)
        decoded = self._decoded_tokens(vocab_size)
        self._bytes = [text.encode("utf-8") if _is_text(text) else b"" for text in decoded]
        texts = [self._shown(number, text) for number, text in enumerate(decoded)]
        self._texts = TokenTexts(texts, kind="bpe")
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.sentence_start_id = boundary_id
        self.sentence_end_id = sentence_end_id
        self.unknown_id = sentence_end_id if self._unknown_id is None else self._unknown_id
        self.pad_id = sentence_end_id if pad_id is None else pad_id
        self.banned_ids = (self.unknown_id, sentence_end_id)
        ends = [number for number, text in enumerate(texts) if text.endswith("\n")]
        self.line_end_ids = np.array(ends, dtype=np.int64)
        self.fingerprint = hashlib.sha256(self.to_json().encode("utf-8")).hexdigest()

    def __repr__(self) -> str:
        return f"HuggingFaceTokenizer(vocab_size={self.vocab_size})"

    @property
    def description(self) -> str:
        """Kind and vocabulary size."""
        return f"bpe ({self.vocab_size})"

    def encode(self, text: str) -> Encoding:
        """Return the token ids of a text.

        Args:
            text: The text.

        Returns:
            The ids, which of them are unknown, and how many characters are lost.

        Raises:
            DataError: The text contains bytes that are not UTF-8, represented by surrogates.
        """
        require_text("text", text)
        found = self._encoded(text)
        ids = np.array(found.ids, dtype=np.int64)
        return Encoding(
            ids=ids,
            unknown=np.zeros(len(ids), dtype=np.bool_)
            if self._unknown_id is None
            else ids == self._unknown_id,
            num_characters_lost=self._round_trip.count_lost(text, found),
        )

    def offsets(self, text: str) -> Offsets:
        """Return where the tokens of a text begin and end, as the library reports them.

        Some tokenizers leave the blank before a word out.

        Args:
            text: The text.

        Raises:
            DataError: The text contains bytes that are not UTF-8, represented by surrogates.
        """
        return np.array(self._encoded(text).offsets, dtype=np.int64).reshape(-1, 2)

    def _encoded(self, text: str) -> tokenizers.Encoding:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise DataError(
                "the text contains bytes that are not UTF-8, which this tokenizer cannot encode.",
                help="Repair the text, or evaluate it with a byte-level model of nextword.",
            ) from error
        return self._backend.encode(text, add_special_tokens=False)

    def count_lost(self, text: str) -> int:
        """Return how many characters of a text are lost when it is encoded and decoded."""
        return self.encode(text).num_characters_lost

    def stream_decoder(self) -> StreamDecoder:
        """Return a decoder that takes one id at a time."""
        return _PieceDecoder(self._backend, vocab_size=self.vocab_size)

    def token_text(self, token_id: int) -> str:
        """Return the text of one token within a text, including a leading blank.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        return self._texts.text(token_id)

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one token within a text; none if it is only part of a character.

        Raises:
            VocabularyError: The id is not in the vocabulary.
        """
        return self._bytes[checked_id(token_id, self.vocab_size)]

    def id_of(self, token_text: str) -> int:
        """Return the id of a token by its text, as returned by `token_text`.

        Raises:
            VocabularyError: No token has this text; the help suggests the nearest one.
        """
        return self._texts.id_of(token_text)

    def merged_pairs(self) -> dict[int, tuple[int, int]] | None:
        """Return the pairs of ids that merges join, by the id of the merged token.

        Returns:
            Pairs in the order of the merges; None if the model of the tokenizer is not BPE.
        """
        model = json.loads(self.to_json())["model"]
        if model["type"] != "BPE":
            return None
        prefix = model["continuing_subword_prefix"] or ""
        return merged_pairs(model["vocab"], model["merges"], prefix=prefix)

    def to_json(self) -> str:
        """Return the content of a `tokenizer.json`, which Hugging Face `tokenizers` loads."""
        return self._backend.to_str()

    def _decoded_tokens(self, vocab_size: int) -> list[str]:
        """Decode each token after another one: alone, some tokens lose their leading blank."""
        anchor = self._backend.encode("a", add_special_tokens=False).ids
        before = self._backend.decode(anchor)
        decoded = self._backend.decode_batch([[*anchor, number] for number in range(vocab_size)])
        return [text.removeprefix(before) for text in decoded]

    def _shown(self, token_id: int, text: str) -> str:
        """Return the name of the token if it has no text of its own."""
        if _is_text(text):
            return text
        return self._backend.id_to_token(token_id) or f"<unused {token_id}>"


def _is_text(decoded: str) -> bool:
    """Return whether a decoded token is whole characters."""
    return decoded != "" and _UNFINISHED not in decoded


class _PieceDecoder:
    """Returns text as soon as it is complete; an incomplete character is held back.

    The text of a token may depend on the token before it, so the last decoded tokens are kept.
    """

    def __init__(self, backend: tokenizers.Tokenizer, *, vocab_size: int) -> None:
        self._backend = backend
        self._vocab_size = vocab_size
        self._decoded: list[int] = []
        self._held: list[int] = []

    def feed(self, token_id: int) -> str:
        self._held.append(checked_id(token_id, self._vocab_size))
        text = self._new_text()
        return "" if text.endswith(_UNFINISHED) else self._release(text)

    def flush(self) -> str:
        text = self._new_text()
        self._decoded, self._held = [], []
        return text

    def _new_text(self) -> str:
        return self._text([*self._decoded, *self._held])[len(self._text(self._decoded)) :]

    def _release(self, text: str) -> str:
        if text:
            self._decoded, self._held = self._held, []
        return text

    def _text(self, token_ids: Sequence[int]) -> str:
        return self._backend.decode(token_ids)


def _unknown_id(
    backend: tokenizers.Tokenizer, named: int | None, *, sentence_end_id: int
) -> int | None:
    """Return the id of what the tokenizer cannot encode; None if it encodes every text.

    The model inside the tokenizer decides. The settings may name another token: GPT-2 encodes
    every text, and its settings name the end of the text.
    """
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return int(model["unk_id"])
    if model.get("unk_token") is not None:
        found = backend.token_to_id(model["unk_token"])
        if found is not None:
            return found
    return None if named == sentence_end_id else named
