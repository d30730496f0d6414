"""The text of one sample as it is generated: decoded, cut before a stop string, with offsets."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nextword.generation import FinishReason, StopScanner
from nextword.serving.engine import SampledToken, TopTokens
from nextword.serving.http import readable
from nextword.serving.openai.prompts import Prompt, token_offset
from nextword.tokens import Tokenizer

#: Last tokens of a prompt that decide how the next one is decoded: whether it needs a blank, and
#: which bytes of a character came before.
_NUM_PRIMING = 8


@dataclass(frozen=True, kw_only=True)
class TokenEntry:
    """What `logprobs` says of a token.

    Attributes:
        token: Its text; the same at every place.
        log_prob: Its log-probability, in nats; None for the first token of an echoed prompt.
        top: Log-probabilities of the most probable tokens by their text, with the token itself.
        offset: Its first character in the text of the choice.
    """

    token: str
    log_prob: float | None
    top: dict[str, float] | None
    offset: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The next part of a choice.

    Attributes:
        index: Index of the choice in the response.
        text: The text.
        entries: The tokens that begin in the text.
        finish_reason: `stop` or `length` in the last part.
    """

    index: int
    text: str
    entries: list[TokenEntry] = field(default_factory=list)
    finish_reason: FinishReason | None = None


class SampleText:
    """The text of a sample.

    Args:
        tokenizer: The tokenizer.
        prompt: The prompt. If it ends in a blank, the leading blank of the sample is dropped.
        stop: The stop strings.
        index: Index of the choice in the response.
        offset: Number of characters of the choice before the sample: those of an echoed prompt.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        prompt: Prompt,
        stop: Sequence[str],
        index: int,
        offset: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._decoder = tokenizer.stream_decoder()
        for token_id in prompt.ids[-_NUM_PRIMING:]:
            self._decoder.feed(token_id)
        self._scanner = StopScanner(stop)
        self._drops_blank = prompt.text.endswith(" ")
        self._index = index
        self._num_decoded = self._num_sent = offset
        self._ready = ""
        self._entries: list[TokenEntry] = []
        self.num_tokens = 0

    def feed(self, token: SampledToken, *, with_entry: bool) -> bool:
        """Decode a token, and return whether it completes a stop string.

        Args:
            token: The token.
            with_entry: Whether its log-probability is part of the response.
        """
        self.num_tokens += 1
        part = self._readable(self._decoder.feed(token.token_id))
        if with_entry:
            text = self._tokenizer.token_text(token.token_id)
            self._entries.append(
                TokenEntry(
                    token=text,
                    log_prob=token.log_prob,
                    top=top_texts(
                        self._tokenizer,
                        token.top,
                        token_id=token.token_id,
                        log_prob=token.log_prob,
                    ),
                    offset=token_offset(part, text, before=self._num_decoded),
                )
            )
        self._num_decoded += len(part)
        self._ready += self._scanner.feed(part)
        return self._scanner.is_stopped

    @property
    def has_text(self) -> bool:
        """Whether text is ready that `take` has not returned."""
        return bool(self._ready)

    def take(self) -> Piece:
        """Return the text that is ready, with the tokens that begin in it."""
        return self._piece(None)

    def finish(self, reason: FinishReason) -> Piece:
        """Return the rest of the text; a stop string in it changes the reason to `stop`."""
        self._ready += self._scanner.feed(self._readable(self._decoder.flush()))
        self._ready += self._scanner.flush()
        return self._piece("stop" if self._scanner.is_stopped else reason)

    def _piece(self, reason: FinishReason | None) -> Piece:
        text, self._ready = self._ready, ""
        self._num_sent += len(text)
        is_whole = reason is not None and not self._scanner.is_stopped
        entries = [each for each in self._entries if is_whole or each.offset < self._num_sent]
        self._entries = self._entries[len(entries) :]
        return Piece(index=self._index, text=text, entries=entries, finish_reason=reason)

    def _readable(self, part: str) -> str:
        if self._drops_blank and part:
            part = part.removeprefix(" ")
            self._drops_blank = False
        return readable(part)


def top_texts(
    tokenizer: Tokenizer, top: TopTokens | None, *, token_id: int, log_prob: float
) -> dict[str, float] | None:
    """Return log-probabilities by the text of the token.

    Args:
        tokenizer: The tokenizer.
        top: The most probable tokens; None if they were not asked for.
        token_id: A token that is added to them.
        log_prob: Its log-probability, in nats.

    Returns:
        The log-probabilities, in nats; None if they were not asked for.
    """
    if top is None:
        return None
    pairs = [*zip(top.token_ids, top.log_probs, strict=True), (token_id, log_prob)]
    found: dict[str, float] = {}
    for number, value in pairs:
        # Where several tokens have the same text, the most probable one counts.
        found.setdefault(tokenizer.token_text(number), value)
    return found
