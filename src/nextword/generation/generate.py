"""Generation of token ids, one step at a time: memory does not grow with the length.

Knows models and ids; nothing of text. Samples share the state of the prompt, then go their own
ways side by side, each with its own random numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nextword.base import ConfigError, require_range
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import Session
from nextword.models import LanguageModel

FinishReason = Literal["length", "stop"]

#: Is asked after each token (sample, token id) whether that sample ends with it.
Stop = Callable[[int, int], bool]


@dataclass(frozen=True, kw_only=True)
class GeneratedToken:
    """One token of one sample.

    Attributes:
        sample: Which sample it belongs to, from 0.
        token_id: The id.
        log_prob: Log-probability under the model's own distribution, before any filter, nats.
        finish_reason: On a sample's last token `length` (max_tokens reached) or `stop`, else None.
    """

    sample: int
    token_id: int
    log_prob: float
    finish_reason: FinishReason | None


def generate(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    *,
    max_tokens: int,
    config: SamplingConfig | None = None,
    num_samples: int = 1,
    seed: int = 0,
    banned_ids: Sequence[int] = (),
    stop: Stop | None = None,
) -> Iterator[GeneratedToken]:
    """Continue a prompt, yielding tokens as they are drawn: at each step one a running sample.

    The boundary is read first, then the prompt, once for all samples. Sample k is the same
    whatever `num_samples` is, up to the rounding of the model's batched arithmetic.

    Args:
        model: The model.
        prompt_ids: What to continue; may be empty.
        max_tokens: Most tokens a sample, at least 1.
        config: How tokens are chosen; drawn from the model's own distribution when None. Its
            repetition penalty counts the prompt as seen, the boundary not.
        num_samples: How many samples, side by side.
        seed: Sample k draws from a generator seeded with (seed, k).
        banned_ids: Ids that are never drawn.
        stop: Is asked after each token whether its sample ends there; never when None.

    Raises:
        ConfigError: max_tokens or num_samples is below 1, the seed is negative, or every token
            is banned.
        DivergedError: The model gives NaN.
        VocabularyError: A prompt id lies outside the vocabulary.
    """
    session = Session(model)
    session.feed([prompt_ids])
    return generate_from(
        session,
        max_tokens=max_tokens,
        config=config,
        num_samples=num_samples,
        seed=seed,
        banned_ids=banned_ids,
        stop=stop,
    )


def generate_from(
    session: Session,
    *,
    max_tokens: int,
    config: SamplingConfig | None = None,
    num_samples: int = 1,
    seed: int = 0,
    banned_ids: Sequence[int] = (),
    stop: Stop | None = None,
) -> Iterator[GeneratedToken]:
    """Continue what a session of one row has read, as `generate` does; the session is unchanged.

    Args:
        session: The session.
        max_tokens: Most tokens a sample, at least 1.
        config: How tokens are chosen; see `generate`.
        num_samples: How many samples, side by side.
        seed: Sample k draws from a generator seeded with (seed, k).
        banned_ids: Ids that are never drawn.
        stop: Is asked after each token whether its sample ends there; never when None.

    Raises:
        ConfigError: The session has several rows, max_tokens or num_samples is below 1, the seed
            is negative, or every token is banned.
        DivergedError: The model gives NaN.
    """
    require_range("max_tokens", max_tokens, low=1)
    require_range("num_samples", num_samples, low=1)
    require_range("seed", seed, low=0)
    if session.num_rows != 1:
        raise ConfigError(
            f"the session has {session.num_rows} rows; samples continue one.",
            help="Fork it and select the row.",
        )
    samples = _Samples(
        session,
        config=config or SamplingConfig(),
        generators=[np.random.default_rng([seed, k]) for k in range(num_samples)],
        banned_ids=banned_ids,
    )
    return _run(samples, max_tokens, stop)


class _Samples:
    """The samples that still run: a row of a session for each, and its random numbers."""

    def __init__(
        self,
        session: Session,
        *,
        config: SamplingConfig,
        generators: Sequence[np.random.Generator],
        banned_ids: Sequence[int],
    ) -> None:
        self.numbers = list(range(len(generators)))
        self._session = session.fork()
        # The last token of the prompt is read once, before there is a row for each sample.
        _ = self._session.log_probs
        self._session.select([0] * len(generators))
        self._config = config
        self._generators = list(generators)
        self._banned_ids = banned_ids

    def draw(self) -> tuple[list[int], list[float]]:
        """Draw a token for every running sample; return ids and their own log-probabilities."""
        token_ids = self._session.sample(
            self._generators, config=self._config, banned_ids=self._banned_ids
        )
        log_probs = self._session.log_probs.gather(1, token_ids[:, None]).squeeze(1)
        return token_ids.tolist(), log_probs.tolist()

    def go_on(self, rows: Sequence[int], token_ids: Sequence[int]) -> None:
        """Go on with these rows only, and let the model read what was drawn for them."""
        if len(rows) < len(self.numbers):
            self.numbers = [self.numbers[row] for row in rows]
            self._generators = [self._generators[row] for row in rows]
            self._session.select(rows)
        self._session.feed([[token_ids[row]] for row in rows])


def _run(samples: _Samples, max_tokens: int, stop: Stop | None) -> Iterator[GeneratedToken]:
    for num_left in range(max_tokens - 1, -1, -1):
        token_ids, log_probs = samples.draw()
        running = []
        for row, (token_id, log_prob) in enumerate(zip(token_ids, log_probs, strict=True)):
            number = samples.numbers[row]
            reason: FinishReason | None = None if num_left else "length"
            if stop is not None and stop(number, token_id):
                reason = "stop"
            if reason is None:
                running.append(row)
            yield GeneratedToken(
                sample=number, token_id=token_id, log_prob=log_prob, finish_reason=reason
            )
        if not running:
            return
        samples.go_on(running, token_ids)
