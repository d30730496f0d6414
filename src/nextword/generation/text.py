"""Generation of text: streamed continuations of a prompt, and the most probable next tokens.

Uses tokenizers and models; does not depend on files or terminals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.base import require_count
from nextword.generation.direction import require_continuable, require_forward
from nextword.generation.generate import generate
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import MOST_PACKED_STEPS, Session
from nextword.generation.stopping import StopScanner
from nextword.generation.tokens import FinishReason, GeneratedToken
from nextword.models import LanguageModel
from nextword.packed import fast_model
from nextword.tokens import StreamDecoder, Tokenizer


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One finished continuation.

    Attributes:
        text: The text after the prompt, truncated before the stop string.
        num_tokens: Number of sampled tokens, including those of the stop string.
        log_prob: Their log-probability under the distribution of the model, in nats.
        finish_reason: `length` or `stop`.
    """

    text: str
    num_tokens: int
    log_prob: float
    finish_reason: FinishReason


@dataclass(frozen=True, kw_only=True)
class TextPiece:
    """The next piece of text of one sample.

    Attributes:
        sample: Index of the sample, from 0.
        text: The text; only the last piece of a sample can be empty.
        result: The whole sample in its last piece; None in the others.
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
    """Continue a prompt and yield the text in pieces, as it is generated.

    The prompt and the pieces can be concatenated: if a new word follows the prompt, the first piece
    starts with a blank. The end of a sentence is decoded as a newline, and generation continues.
    The token `<unk>` is never sampled if it represents out-of-vocabulary words. The token `</s>` is
    never sampled if lines end with a newline character.

    A model with a backward tokenizer generates each line from its last token to its first. The
    text of a line is yielded in reading order when the line is complete. If `max_tokens` is reached
    within a line, the beginning of this line is missing.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        prompt: Text to continue; may be empty or contain unknown words. It must end with a newline
            or be empty if the tokenizer is a backward one.
        max_tokens: Maximum number of tokens per sample, at least 1.
        stop: A sample ends before the first of these strings after the prompt.
        config: Settings of sampling; the distribution of the model is not changed when None.
        num_samples: Number of samples; their pieces are interleaved.
        seed: Seed of the random number generators.

    Returns:
        An iterator over the pieces; the last one of a sample contains the whole sample.

    Raises:
        ConfigError: max_tokens or num_samples is below 1, the seed is negative, or a stop string
            is empty, or the prompt of a backward model has an unfinished line.
        DivergedError: The model returns NaN.
    """
    require_continuable(tokenizer, prompt)
    prompt_ids = tokenizer.encode(prompt).ids.tolist()
    require_count("num_samples", num_samples, low=1)
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
    """Return the most probable next tokens after a context, with their probabilities.

    Some tokens are excluded: `<unk>` if it represents out-of-vocabulary words, and tokens that the
    model never predicts. The probabilities of the others are not renormalized.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        context: The text so far; may be empty, contain unknown words or end within a word.
        k: Maximum number of tokens, at least 1.

    Returns:
        Pairs of token text and probability, most probable first; ties are ordered by id.

    Raises:
        ConfigError: k is below 1, or the model reads lines backward.
    """
    require_forward(tokenizer)
    require_count("k", k, low=1)
    log_probs = _log_probs_after(model, tokenizer.encode(context).ids.tolist())
    left_out = [*tokenizer.banned_ids, *model.never_ids]
    log_probs[left_out] = -torch.inf
    ids, ordered = _most_probable(log_probs, k)
    return [
        (tokenizer.token_text(token_id), probability)
        for token_id, probability in zip(ids.tolist(), ordered.exp().tolist(), strict=True)
        if probability > 0.0
    ]


def _log_probs_after(model: LanguageModel, token_ids: list[int]) -> Tensor:
    """Return the log-probabilities of the token after a text, (vocab)."""
    packed = fast_model(model)
    if packed is not None and (packed is model or len(token_ids) <= MOST_PACKED_STEPS):
        return packed.log_probs_after(token_ids).double()
    session = Session(model)
    session.feed([token_ids])
    return session.log_probs[0]


def _most_probable(log_probs: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the ids of the k highest values and these values; ties are ordered by id."""
    k = min(k, len(log_probs))
    lowest = log_probs.topk(k).values[-1]
    # All ties with the last one, so that the lowest ids among them can be chosen. The whole
    # vocabulary would take longer to sort than a step of a small model.
    ids = (log_probs >= lowest).nonzero().squeeze(1)
    ordered, order = log_probs[ids].sort(descending=True, stable=True)
    return ids[order[:k]], ordered[:k]


def _primed_decoder(tokenizer: Tokenizer, prompt_ids: Sequence[int]) -> StreamDecoder:
    """Return a decoder that has read the prompt, to decode a blank after it where one is needed."""
    decoder = tokenizer.stream_decoder()
    for token_id in prompt_ids:
        decoder.feed(token_id)
    return decoder


class _SampleText:
    """The text of one sample during generation.

    Args:
        decoder: A decoder that has read the prompt.
        prompt: The prompt; if it ends in a blank, the leading blank of the sample is dropped.
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
        """Decode the next token, and return whether it completes a stop string."""
        self._take_text(self._decoder.feed(token_id))
        return self._scanner.is_stopped

    def piece(self, token: GeneratedToken) -> TextPiece:
        """Return the text that is final after this token, which `ends_with` has decoded."""
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
