"""Generation of token ids, one step at a time; memory does not grow with the length.

Uses models and ids; does not depend on text. The prompt is read once for all samples. The samples
are then generated as one batch, each with its own random number generator.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from nextword.base import ConfigError, require_count
from nextword.generation.packed_samples import PackedSamples
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import Session
from nextword.generation.tokens import FinishReason, GeneratedToken, Stop
from nextword.models import LanguageModel


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
    """Continue a prompt and yield the tokens: at each step, one for every unfinished sample.

    The model reads the boundary token and then the prompt, once for all samples. Sample k does not
    depend on `num_samples`, except for rounding differences of batched arithmetic.

    Args:
        model: The model.
        prompt_ids: Ids to continue; may be empty.
        max_tokens: Maximum number of tokens per sample, at least 1.
        config: Settings of sampling; the distribution of the model is not changed when None. The
            repetition penalty applies to ids of the prompt too, but not to the boundary.
        num_samples: Number of samples, generated in one batch.
        seed: Sample k uses a random number generator with the seed (seed, k).
        banned_ids: Ids that are never sampled.
        stop: Called after each token; returns whether its sample ends there. No sample ends early
            when None.

    Returns:
        An iterator over the tokens, ordered by step and then by sample.

    Raises:
        ConfigError: max_tokens or num_samples is below 1, the seed is negative, or every token
            is banned.
        DivergedError: The model returns NaN.
        VocabularyError: A prompt id is not in the vocabulary.
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
    """Continue the tokens of a session with one row, as `generate` does.

    The session is not modified.

    Args:
        session: The session.
        max_tokens: Maximum number of tokens per sample, at least 1.
        config: Settings of sampling; see `generate`.
        num_samples: Number of samples, generated in one batch.
        seed: Sample k uses a random number generator with the seed (seed, k).
        banned_ids: Ids that are never sampled.
        stop: Called after each token; returns whether its sample ends there. No sample ends early
            when None.

    Returns:
        An iterator over the tokens, ordered by step and then by sample.

    Raises:
        ConfigError: The session has several rows, max_tokens or num_samples is below 1, the seed
            is negative, or every token is banned.
        DivergedError: The model returns NaN.
    """
    require_count("max_tokens", max_tokens, low=1)
    require_count("num_samples", num_samples, low=1)
    require_count("seed", seed, low=0)
    if session.num_rows != 1:
        raise ConfigError(
            f"the session has {session.num_rows} rows; generation continues one row.",
            help="Fork it and select the row.",
        )
    config = config or SamplingConfig()
    generators = [np.random.default_rng([seed, k]) for k in range(num_samples)]
    if session.packed is not None:
        packed = PackedSamples(
            session,
            session.packed,
            config=config,
            generators=generators,
            banned_ids=banned_ids,
        )
        return packed.tokens(max_tokens, stop)
    samples = _Samples(session, config=config, generators=generators, banned_ids=banned_ids)
    return _run(samples, max_tokens, stop)


class _Samples:
    """The unfinished samples: for each, a row of a session and a random number generator."""

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
        # The last token of the prompt is read once, before its row is copied for each sample.
        _ = self._session.log_probs
        self._session.select([0] * len(generators))
        self._config = config
        self._generators = list(generators)
        self._banned_ids = banned_ids

    def draw(self) -> tuple[list[int], list[float]]:
        """Sample a token for every unfinished sample; return ids and log-probabilities."""
        token_ids = self._session.sample(
            self._generators, config=self._config, banned_ids=self._banned_ids
        )
        log_probs = self._session.log_probs.gather(1, token_ids[:, None]).squeeze(1)
        return token_ids.tolist(), log_probs.tolist()

    def advance(self, rows: Sequence[int], token_ids: Sequence[int]) -> None:
        """Drop the other rows, and feed the sampled ids of these rows to the model."""
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
        samples.advance(running, token_ids)
