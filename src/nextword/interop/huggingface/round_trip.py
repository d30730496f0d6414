"""How many characters a Hugging Face tokenizer loses between a text and its ids.

A tokenizer is lossy if two texts have the same ids. It is lossless on a text if some fixed decoder
restores the text. The decoder of the tokenizer may be missing or cosmetic; some remove the blank
before a full stop. The usual decoders are therefore tried too, and the best one counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import tokenizers
from tokenizers import decoders

from nextword.tokens import count_lost

_META = "\u2581"
_BLANK = " "
#: Number of tokens from which the decoder is chosen.
_NUM_SAMPLED = 2000


class RoundTrip:
    """Counts the characters that are lost between a text and its ids.

    One blank before the text is not counted, because many tokenizers add or remove one. Unknown
    tokens and their characters are not counted, because they are reported as unknown.

    Args:
        backend: The tokenizer.
        unknown_id: Id of what it cannot encode; None if it encodes every text.
    """

    def __init__(self, backend: tokenizers.Tokenizer, *, unknown_id: int | None) -> None:
        self._backend = backend
        self._unknown_id = unknown_id
        self._decodings: list[Callable[[Sequence[int]], str]] = [
            self._decode,
            *(partial(_decode_with, decoder, backend) for decoder in _usual_decoders(backend)),
        ]

    def count_lost(self, text: str, encoding: tokenizers.Encoding) -> int:
        """Return how many characters of a text cannot be restored from its encoding."""
        parts = list(self._known_parts(text, encoding))
        if all(part.text == _trimmed(self._decode(part.token_ids), part.end) for part in parts):
            return 0
        sample = list(self._known_parts(text, encoding, num_tokens=_NUM_SAMPLED))
        losses = [_total_lost(sample, decode) for decode in self._decodings]
        return min(
            _total_lost(parts, decode)
            for decode, lost in zip(self._decodings, losses, strict=True)
            if lost == min(losses)
        )

    def _decode(self, token_ids: Sequence[int]) -> str:
        return self._backend.decode(token_ids, skip_special_tokens=False)

    def _known_parts(
        self, text: str, encoding: tokenizers.Encoding, *, num_tokens: int | None = None
    ) -> Iterator["_Part"]:
        """Split a text, or its first `num_tokens` tokens, at the unknown tokens."""
        ids = encoding.ids[:num_tokens]
        is_whole = len(ids) == len(encoding.ids)
        if is_whole and self._unknown_id not in ids:
            yield _Part(text=_trimmed(text, ""), token_ids=ids, end="")
            return
        offsets = encoding.offsets[:num_tokens]
        start = first = 0
        unknown = [place for place, number in enumerate(ids) if number == self._unknown_id]
        for place in unknown:
            before = text[start : offsets[place][0]]
            yield _Part(text=_trimmed(before, _BLANK), token_ids=ids[first:place], end=_BLANK)
            start, first = offsets[place][1], place + 1
        rest = text[start:] if is_whole or not offsets else text[start : offsets[-1][1]]
        yield _Part(text=_trimmed(rest, ""), token_ids=ids[first:], end="")


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A part of a text without unknown tokens; `end` is removed from its decoding."""

    text: str
    token_ids: list[int]
    end: str


def _total_lost(parts: Sequence[_Part], decode: Callable[[Sequence[int]], str]) -> int:
    return sum(count_lost(part.text, _trimmed(decode(part.token_ids), part.end)) for part in parts)


def _usual_decoders(backend: tokenizers.Tokenizer) -> list[decoders.Decoder]:
    """Return the usual decoders, with the prefix and suffix of this tokenizer."""
    prefix = getattr(backend.model, "continuing_subword_prefix", None) or "##"
    suffix = getattr(backend.model, "end_of_word_suffix", None) or "</w>"
    return [
        decoders.WordPiece(prefix=prefix, cleanup=False),
        decoders.BPEDecoder(suffix=suffix),
        decoders.ByteLevel(),
        decoders.Metaspace(prepend_scheme="never"),
        decoders.Sequence(
            [decoders.Replace(_META, _BLANK), decoders.ByteFallback(), decoders.Fuse()]
        ),
    ]


def _trimmed(text: str, end: str) -> str:
    return text.removeprefix(_BLANK).removesuffix(end)


def _decode_with(
    decoder: decoders.Decoder, backend: tokenizers.Tokenizer, token_ids: Sequence[int]
) -> str:
    return decoder.decode([backend.id_to_token(number) or "" for number in token_ids])
