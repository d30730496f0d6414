"""Generation as text: prompts in, pieces of text out, and the most probable next tokens.

Knows tokenizers and models; nothing of files or terminals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from nextword.base import require_range
from nextword.generation.generate import FinishReason, GeneratedToken, generate
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import Session
from nextword.generation.stopping import StopScanner
from nextword.models import LanguageModel
from nextword.tokens import StreamDecoder, Tokenizer


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One finished continuation.

    Attributes:
        text: What follows the prompt, cut before the stop string.
        num_tokens: Tokens drawn, those of the stop string included.
        log_prob: Their log-probability under the model's own distribution, nats.
        finish_reason: `length` or `stop`.
    """

    text: str
    num_tokens: int
    log_prob: float
    finish_reason: FinishReason


@dataclass(frozen=True, kw_only=True)
class TextPiece:
    """Text of one sample that has become certain.

    Attributes:
        sample: Which sample it continues, from 0.
        text: The text, never empty but in a last piece.
        result: The whole sample, on its last piece; None before.
    """

    sample: int
    text: str
    result: Sample | None


def generate_text(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    prompt: str = "",
    max_tokens: int,
    stop: Sequence[str] = (),
    config: SamplingConfig | None = None,
    num_samples: int = 1,
    seed: int = 0,
) -> Iterator[TextPiece]:
    """Continue a prompt, yielding text as it is made.

    The prompt followed by the pieces reads as one text: between words the first piece begins with
    the blank that belongs there. A sentence end prints a newline and goes on. Never drawn are
    `<unk>`, where it stands for words the vocabulary lacks, and `</s>` where lines end by a
    newline character.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        prompt: What to continue; may be empty, and may hold unknown words.
        max_tokens: Most tokens a sample, at least 1.
        stop: Strings before which a sample is cut; they are looked for in what follows the prompt.
        config: How tokens are chosen; drawn from the model's own distribution when None.
        num_samples: How many samples; their pieces come interleaved.
        seed: Fixes every draw.

    Raises:
        ConfigError: max_tokens or num_samples is below 1, the seed is negative, or a stop string
            is empty.
        DivergedError: The model gives NaN.
    """
    prompt_ids = tokenizer.encode(prompt).ids.tolist()
    require_range("num_samples", num_samples, low=1)
    streams = [
        _SampleText(_primed_decoder(tokenizer, prompt_ids), prompt=prompt, stop=stop)
        for _ in range(num_samples)
    ]
    tokens = generate(
        model,
        prompt_ids,
        max_tokens=max_tokens,
        config=config,
        num_samples=num_samples,
        seed=seed,
        banned_ids=tokenizer.banned_ids,
        stop=lambda number, token_id: streams[number].ends_with(token_id),
    )
    return _pieces(tokens, streams)


def next_tokens(
    model: LanguageModel, tokenizer: Tokenizer, *, context: str, k: int = 5
) -> list[tuple[str, float]]:
    """Give the most probable next tokens after a context, with their probabilities.

    Probabilities are the model's own: tokens that are left out (an open `<unk>`, those never
    predicted) keep their share. Among equals the lower id comes first.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        context: What was read; may be empty, hold unknown words or end anywhere.
        k: How many, at least 1; fewer come where the vocabulary has fewer.

    Returns:
        Pairs of token text and probability, most probable first.

    Raises:
        ConfigError: k is below 1.
    """
    require_range("k", k, low=1)
    session = Session(model)
    session.feed([tokenizer.encode(context).ids.tolist()])
    left_out = [*tokenizer.banned_ids, *model.never_ids]
    log_probs = session.log_probs[0].index_fill(
        0, torch.tensor(left_out, dtype=torch.int64), -torch.inf
    )
    ordered, ids = log_probs.sort(descending=True, stable=True)
    return [
        (tokenizer.token_text(token_id), probability)
        for token_id, probability in zip(ids[:k].tolist(), ordered[:k].exp().tolist(), strict=True)
        if probability > 0.0
    ]


def _primed_decoder(tokenizer: Tokenizer, prompt_ids: Sequence[int]) -> StreamDecoder:
    """Give a decoder that has the prompt behind it, so that it joins on with a blank or without."""
    decoder = tokenizer.stream_decoder()
    for token_id in prompt_ids:
        decoder.feed(token_id)
    return decoder


class _SampleText:
    """The text of one sample while it grows.

    Args:
        decoder: Has read the prompt.
        prompt: The prompt; one that ends in a blank needs no second one.
        stop: The stop strings.
    """

    def __init__(self, decoder: StreamDecoder, *, prompt: str, stop: Sequence[str]) -> None:
        self._decoder = decoder
        self._scanner = StopScanner(stop)
        self._has_blank = prompt.endswith(" ")
        self._ready = ""
        self._taken: list[str] = []
        self._num_tokens = 0
        self._log_prob = 0.0

    def ends_with(self, token_id: int) -> bool:
        """Take the next token; say whether it completes a stop string."""
        self._take_text(self._decoder.feed(token_id))
        return self._scanner.is_stopped

    def piece(self, token: GeneratedToken) -> TextPiece:
        """Give what has become certain with this token, already taken by `ends_with`."""
        self._num_tokens += 1
        self._log_prob += token.log_prob
        reason = token.finish_reason
        if reason is not None:
            self._take_text(self._decoder.flush())
            self._ready += self._scanner.flush()
        if self._scanner.is_stopped:
            reason = reason and "stop"
        text, self._ready = self._ready, ""
        self._taken.append(text)
        return TextPiece(
            sample=token.sample, text=text, result=self._result(reason) if reason else None
        )

    def _take_text(self, text: str) -> None:
        if self._has_blank and text:
            text = text.removeprefix(" ")
            self._has_blank = False
        self._ready += self._scanner.feed(text)

    def _result(self, reason: FinishReason) -> Sample:
        return Sample(
            text="".join(self._taken),
            num_tokens=self._num_tokens,
            log_prob=self._log_prob,
            finish_reason=reason,
        )


def _pieces(
    tokens: Iterator[GeneratedToken], streams: Sequence[_SampleText]
) -> Iterator[TextPiece]:
    for token in tokens:
        piece = streams[token.sample].piece(token)
        if piece.text or piece.result is not None:
            yield piece
