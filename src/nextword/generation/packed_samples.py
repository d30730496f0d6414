"""Samples that the compiled generator continues, several tokens in one call."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from nextword.base import ConfigError, DivergedError, NextwordError, NoChoiceError
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import Session
from nextword.generation.tokens import FinishReason, GeneratedToken, Stop
from nextword.packed import DrawnTokens, PackedLanguageModel, RowPool
from nextword.tensors import load_kernels

#: Intended duration of a call: tokens appear at once, and the start of a call hardly counts.
_SECONDS_PER_CALL = 0.01
_MOST_STEPS = 256
#: About the number of bytes of weights that the first call reads, whose duration is not known.
_FIRST_BYTES = 2**28
#: Number of samples whose products take about as long as reading the weights again.
_SAMPLES_PER_READ = 16
_NOT_A_NUMBER = -2


def kernel_sampler(
    config: SamplingConfig, *, vocab_size: int, banned_ids: Sequence[int] = ()
) -> Any:
    """Return a sampler of the kernels with these settings.

    Args:
        config: Settings of sampling.
        vocab_size: Number of token ids.
        banned_ids: Ids that are never drawn.
    """
    kernels = load_kernels()
    typical_p: dict[str, float] = {}
    if config.typical_p is not None:
        if not hasattr(kernels.Sampler, "typical_p"):
            raise ConfigError(
                "the installed nextword-kernels is older and has no typical-p.",
                help="Install it again: make kernels",
            )
        typical_p = {"typical_p": config.typical_p}
    return kernels.Sampler(
        vocab_size=vocab_size,
        temperature=config.temperature,
        top_k=0 if config.top_k is None else min(config.top_k, vocab_size),
        min_p=0.0 if config.min_p is None else config.min_p,
        top_p=1.0 if config.top_p is None else config.top_p,
        repetition_penalty=config.repetition_penalty,
        **typical_p,
        banned_ids=torch.tensor(banned_ids, dtype=torch.int64) if banned_ids else None,
    )


def no_choice(token_id: int, *, vocab_size: int) -> NextwordError:
    """Return why no token could be drawn.

    Args:
        token_id: The mark in place of an id; see `DrawnTokens`.
        vocab_size: Number of token ids.
    """
    if token_id == _NOT_A_NUMBER:
        return DivergedError(
            "the model returns NaN for the next token.",
            help="Its weights are not finite; use an earlier checkpoint.",
        )
    return NoChoiceError.of(vocab_size)


class PackedSamples:
    """The unfinished samples: for each, a slot of a pool and a random number generator.

    A call draws several tokens of every sample. Those after the end of a sample are dropped; they
    have no effect on the other samples.

    Args:
        session: A session with one row.
        model: Its model with packed weights.
        config: Settings of sampling.
        generators: The random number generator of each sample.
        banned_ids: Ids that are never drawn.
    """

    def __init__(
        self,
        session: Session,
        model: PackedLanguageModel,
        *,
        config: SamplingConfig,
        generators: Sequence[np.random.Generator],
        banned_ids: Sequence[int],
    ) -> None:
        self._vocab_size = model.vocab_size
        self._sampler = kernel_sampler(config, vocab_size=model.vocab_size, banned_ids=banned_ids)
        self._generators = generators
        self._pool = RowPool(model)
        state, last_ids = session.unread
        rows = torch.zeros(len(generators), dtype=torch.int64)
        slots = self._pool.add(state.select(rows), last_ids[rows], seen=session.seen[rows])
        self._slots = dict(enumerate(slots))
        self._bytes_per_step = int(model.network.num_bytes)

    def tokens(self, max_tokens: int, stop: Stop | None) -> Iterator[GeneratedToken]:
        """Yield the tokens, ordered by step and then by sample.

        Raises:
            ConfigError: Every token is banned.
            DivergedError: The model returns NaN.
        """
        num_left = max_tokens
        while num_left and self._slots:
            num_steps = min(num_left, self._num_steps())
            numbers = list(self._slots)
            uniforms = np.stack([self._generators[each].random(num_steps) for each in numbers])
            drawn = self._pool.draw(
                list(self._slots.values()),
                samplers=[self._sampler],
                uniforms=torch.from_numpy(uniforms),
            )
            num_left -= num_steps
            yield from self._used(numbers, drawn, num_left=num_left, stop=stop)

    def _num_steps(self) -> int:
        """Return the number of tokens of each sample that are drawn in a call."""
        seconds = self._pool.seconds_per_step(len(self._slots))
        if seconds is not None:
            return max(1, min(_MOST_STEPS, int(_SECONDS_PER_CALL / seconds)))
        # Weights that are read once are used for several samples.
        work = self._bytes_per_step * (1 + len(self._slots) // _SAMPLES_PER_READ)
        return max(1, min(_MOST_STEPS, _FIRST_BYTES // work))

    def _used(
        self, numbers: Sequence[int], drawn: DrawnTokens, *, num_left: int, stop: Stop | None
    ) -> Iterator[GeneratedToken]:
        """Yield the tokens of a call up to the end of each sample, and remove finished samples."""
        rows = list(enumerate(numbers))
        has_marks = bool((drawn.token_ids < 0).any())
        last_step = None if num_left else drawn.token_ids.shape[1] - 1
        steps = zip(drawn.token_ids.t().tolist(), drawn.log_probs.t().tolist(), strict=True)
        # Runs once per token, which can take less than 30 microseconds to generate.
        for step, (token_ids, log_probs) in enumerate(steps):
            if has_marks:
                self._refuse_marks([token_ids[row] for row, _ in rows])
            last: FinishReason | None = "length" if step == last_step else None
            has_ended = False
            for row, number in rows:
                token_id, reason = token_ids[row], last
                if stop is not None and stop(number, token_id):
                    reason = "stop"
                if reason is not None:
                    self._pool.remove([self._slots.pop(number)])
                    has_ended = True
                yield GeneratedToken(number, token_id, log_probs[row], reason)
            if has_ended:
                rows = [each for each in rows if each[1] in self._slots]

    def _refuse_marks(self, token_ids: Sequence[int]) -> None:
        """Raise an error if there is a mark in place of an id."""
        for token_id in token_ids:
            if token_id < 0:
                raise no_choice(token_id, vocab_size=self._vocab_size)
