"""Generation of token ids, one step at a time: memory does not grow with the length.

Knows models and ids; nothing of text. Samples share the state of the prompt, then go their own
ways side by side, each with its own random numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from nextword.base import require_range
from nextword.generation.sampling import SamplingConfig, filter_log_probs, sample
from nextword.models import LanguageModel, State, inference

FinishReason = Literal["length", "stop"]

#: Is asked after each token (sample, token id) whether that sample ends with it.
Stop = Callable[[int, int], bool]

_PROMPT_CHUNK = 256


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
    require_range("max_tokens", max_tokens, low=1)
    require_range("num_samples", num_samples, low=1)
    require_range("seed", seed, low=0)
    log_probs, state = read_prompt(model, prompt_ids)
    samples = _Samples(
        model,
        log_probs=log_probs,
        prompt_ids=prompt_ids,
        config=config or SamplingConfig(),
        generators=[np.random.default_rng([seed, k]) for k in range(num_samples)],
        banned_ids=banned_ids,
    )
    return _run(
        samples, state.select(torch.zeros(num_samples, dtype=torch.int64)), max_tokens, stop
    )


def read_prompt(
    model: LanguageModel, prompt_ids: Sequence[int]
) -> tuple[Float64[Tensor, " vocab"], State]:
    """Read the boundary and a prompt.

    Returns:
        Log-probabilities of the next token, (vocab), nats, on the CPU; and the state, of one row.

    Raises:
        VocabularyError: A prompt id lies outside the vocabulary.
    """
    token_ids = torch.tensor([[model.boundary_id, *prompt_ids]], dtype=torch.int64)
    token_ids = token_ids.to(model.device)
    with inference(model):
        state = model.initial_state(1)
        for start in range(0, len(prompt_ids), _PROMPT_CHUNK):
            end = min(start + _PROMPT_CHUNK, len(prompt_ids))
            state = model.advance(token_ids[:, start:end], state)
        log_probs, state = model.next_log_probs(token_ids[:, -1:], state)
    return log_probs[0, -1].double().cpu(), state


class _Samples:
    """The samples that still run: their distributions, random numbers and what they have seen."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        log_probs: Float64[Tensor, " vocab"],
        prompt_ids: Sequence[int],
        config: SamplingConfig,
        generators: Sequence[np.random.Generator],
        banned_ids: Sequence[int],
    ) -> None:
        self.numbers = list(range(len(generators)))
        self._model = model
        self._config = config
        self._generators = list(generators)
        self._banned = torch.tensor(list(banned_ids), dtype=torch.int64)
        self._log_probs = log_probs.expand(len(generators), -1)
        self._seen: Bool[Tensor, "batch vocab"] = torch.zeros(
            len(generators), model.vocab_size, dtype=torch.bool
        )
        self._seen[:, torch.tensor(list(prompt_ids), dtype=torch.int64)] = True

    def draw(self) -> tuple[Int64[Tensor, " batch"], Float[Tensor, " batch"]]:
        """Draw a token for every running sample; give ids and their own log-probabilities."""
        allowed = self._log_probs.index_fill(1, self._banned, -torch.inf)
        token_ids = sample(
            filter_log_probs(allowed, self._seen, config=self._config), self._generators
        )
        self._seen = self._seen.scatter(1, token_ids[:, None], True)
        return token_ids, self._log_probs.gather(1, token_ids[:, None]).squeeze(1)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only."""
        if len(rows) == len(self.numbers):
            return
        self.numbers = [self.numbers[row] for row in rows]
        self._generators = [self._generators[row] for row in rows]
        self._seen = self._seen[list(rows)]

    def read(self, token_ids: Int64[Tensor, " batch"], state: State) -> State:
        """Let the model read what was drawn."""
        with inference(self._model):
            log_probs, state = self._model.next_log_probs(
                token_ids[:, None].to(self._model.device), state
            )
        self._log_probs = log_probs[:, -1].double().cpu()
        return state


def _run(
    samples: _Samples, state: State, max_tokens: int, stop: Stop | None
) -> Iterator[GeneratedToken]:
    for num_left in range(max_tokens - 1, -1, -1):
        token_ids, log_probs = samples.draw()
        running = []
        for row, (token_id, log_prob) in enumerate(
            zip(token_ids.tolist(), log_probs.tolist(), strict=True)
        ):
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
        rows = torch.tensor(running, dtype=torch.int64)
        samples.keep(running)
        state = samples.read(token_ids[rows], state.select(rows))
