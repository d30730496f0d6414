"""A tokenizer of Hugging Face behind the interface of ours. Knows nothing of models or files."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import tokenizers

from nextword.base import DataError, VocabularyError
from nextword.interop.huggingface.round_trip import RoundTrip
from nextword.tokens import Encoding, StreamDecoder, Tokenizer

_UNFINISHED = "\ufffd"


class HuggingFaceTokenizer(Tokenizer):
    """Gives the ids that a foreign model was trained on; has the interface of ours, not its parts.

    Its kind is called `bpe`, as those of nearly all such models are: pieces of words, no end of
    line but the newline character. Unlike with ours, a piece may go on after a newline (GPT-2 has
    one for two of them), so texts are encoded in as large parts as they come in. The spelling of
    a special token in a text is ordinary text.

    Args:
        backend: The tokenizer of the `tokenizers` library; it is copied.
        vocab_size: Ids that the model knows; those beyond the tokenizer's stand for nothing.
        boundary_id: The id that a model reads before the first token of a text.
        sentence_end_id: The id that ends a text; never drawn, as texts go on over line ends.
        unknown_id: What the tokenizer makes of what it cannot spell; None where it spells all.
        pad_id: What is filled in; `sentence_end_id` when None.
    """

    never_ids = ()

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
        self._texts = self._token_texts(vocab_size)
        self._ids_by_text: dict[str, int] = {}
        self.kind = "bpe"
        self.closed = False
        self.is_lossless = False
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.sentence_start_id = boundary_id
        self.sentence_end_id = sentence_end_id
        self.unknown_id = sentence_end_id if self._unknown_id is None else self._unknown_id
        self.pad_id = sentence_end_id if pad_id is None else pad_id
        ends = [number for number, text in enumerate(self._texts) if text.endswith("\n")]
        self.line_end_ids = np.array(ends, dtype=np.int64)
        self.fingerprint = hashlib.sha256(self.to_json().encode("utf-8")).hexdigest()

    def encode(self, text: str) -> Encoding:
        """Return the ids of a text, those unknown, and how many characters are lost.

        Raises:
            DataError: The text holds bytes that are not UTF-8, carried as surrogates.
        """
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise DataError(
                "the text holds bytes that are not UTF-8, which this tokenizer cannot spell.",
                help="Repair the text, or measure it with a byte-level model of nextword.",
            ) from error
        found = self._backend.encode(text, add_special_tokens=False)
        ids = np.array(found.ids, dtype=np.int64)
        return Encoding(
            ids=ids,
            unknown=np.zeros(len(ids), dtype=np.bool_)
            if self._unknown_id is None
            else ids == self._unknown_id,
            num_characters_lost=self._round_trip.count_lost(text, found),
        )

    def count_lost(self, text: str) -> int:
        """Encode a text and return how many characters the best decoder does not give back."""
        return self.encode(text).num_characters_lost

    def stream_decoder(self) -> StreamDecoder:
        """Give a decoder for ids that come one at a time; its pieces joined are `decode`."""
        return _PieceDecoder(self._backend, vocab_size=self.vocab_size)

    def token_text(self, token_id: int) -> str:
        """Give a token for display: its text as it reads within a text, blank included.

        Raises:
            VocabularyError: The vocabulary has no such id.
        """
        return self._texts[_checked(token_id, self.vocab_size)]

    def to_json(self) -> str:
        """Give the tokenizer as the text of a `tokenizer.json`, for Hugging Face `tokenizers`."""
        return self._backend.to_str()

    def _token_texts(self, vocab_size: int) -> list[str]:
        """Decode each token behind another one: alone, some lose the blank they begin with."""
        anchor = self._backend.encode("a", add_special_tokens=False).ids
        before = self._backend.decode(anchor)
        decoded = self._backend.decode_batch([[*anchor, number] for number in range(vocab_size)])
        return [
            self._shown(number, text.removeprefix(before)) for number, text in enumerate(decoded)
        ]

    def _shown(self, token_id: int, text: str) -> str:
        """Give the tokenizer's own name of what is no text by itself."""
        if text and _UNFINISHED not in text:
            return text
        return self._backend.id_to_token(token_id) or f"<unused {token_id}>"


class _PieceDecoder:
    """Text as soon as it is certain, held back while a character lacks bytes.

    What a token reads as may depend on the one before it, so the last one given out stays in view.
    """

    def __init__(self, backend: tokenizers.Tokenizer, *, vocab_size: int) -> None:
        self._backend = backend
        self._vocab_size = vocab_size
        self._given: list[int] = []
        self._held: list[int] = []

    def feed(self, token_id: int) -> str:
        self._held.append(_checked(token_id, self._vocab_size))
        text = self._new_text()
        return "" if text.endswith(_UNFINISHED) else self._give(text)

    def flush(self) -> str:
        text = self._new_text()
        self._given, self._held = [], []
        return text

    def _new_text(self) -> str:
        return self._text([*self._given, *self._held])[len(self._text(self._given)) :]

    def _give(self, text: str) -> str:
        if text:
            self._given, self._held = self._held, []
        return text

    def _text(self, token_ids: Sequence[int]) -> str:
        return self._backend.decode(token_ids)


def _unknown_id(
    backend: tokenizers.Tokenizer, named: int | None, *, sentence_end_id: int
) -> int | None:
    """Return the id of what the tokenizer cannot spell; None where it has none.

    The model inside the tokenizer decides. What the settings beside it name may be another token,
    as the end of the text is for GPT-2, which spells everything.
    """
    model = json.loads(backend.to_str())["model"]
    if model.get("unk_id") is not None:
        return int(model["unk_id"])
    if model.get("unk_token") is not None:
        found = backend.token_to_id(model["unk_token"])
        if found is not None:
            return found
    return None if named == sentence_end_id else named


def _checked(token_id: int, vocab_size: int) -> int:
    if 0 <= token_id < vocab_size:
        return token_id
    raise VocabularyError(
        f"there is no token {token_id}: the vocabulary holds ids 0 to {vocab_size - 1}."
    )
