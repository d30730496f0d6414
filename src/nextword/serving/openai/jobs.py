"""A request for completions that was checked, and what the engine is asked for it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from nextword.generation import SamplingConfig
from nextword.serving.context import Context
from nextword.serving.engine import Bias, Engine, Request
from nextword.serving.http import ApiError
from nextword.serving.models import Served
from nextword.serving.openai.listening import PromptListener
from nextword.serving.openai.prompts import Prompt, read_prompts
from nextword.serving.openai.requests import CompletionRequest, SamplingFields
from nextword.serving.openai.samples import Piece

#: Seeds that are chosen for requests without one.
_NUM_SEEDS = 2**31


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request that was checked.

    Attributes:
        request: The request.
        served: The model.
        prompts: Its prompts.
        bias: Its bias.
        seed: Its seed, or one that was chosen.
    """

    request: CompletionRequest
    served: Served
    prompts: list[Prompt]
    bias: Bias
    seed: int

    @property
    def engine(self) -> Engine:
        """The engine of the model."""
        return self.served.engine

    @property
    def num_prompt_tokens(self) -> int:
        """Number of tokens of all prompts."""
        return sum(len(prompt.ids) for prompt in self.prompts)

    def requests(
        self, on_piece: Callable[[Piece], None] | None = None
    ) -> list[tuple[Request, PromptListener]]:
        """Return the requests to the engine, one for each prompt, with their listeners.

        Args:
            on_piece: Called in the event loop with each part of a choice; parts are kept when None.
        """
        return [
            (self._engine_request(prompt), self._listener(number, prompt, on_piece=on_piece))
            for number, prompt in enumerate(self.prompts)
        ]

    def _engine_request(self, prompt: Prompt) -> Request:
        asked = self.request
        return Request(
            prompt_ids=prompt.unread_ids,
            is_scored=bool(asked.echo) and asked.logprobs is not None,
            num_top=asked.logprobs or 0,
            max_tokens=asked.num_tokens,
            num_samples=asked.num_samples,
            sampling=sampling_of(asked),
            seed=self.seed,
            banned_ids=self.served.tokenizer.banned_ids,
            bias=self.bias,
        )

    def _listener(
        self, number: int, prompt: Prompt, *, on_piece: Callable[[Piece], None] | None
    ) -> PromptListener:
        asked = self.request
        return PromptListener(
            self.served.tokenizer,
            prompt=prompt,
            first_index=number * asked.num_samples,
            num_samples=asked.num_samples,
            stop=asked.stops,
            echo=bool(asked.echo),
            num_top=asked.logprobs,
            is_read_only=asked.num_tokens == 0,
            on_piece=on_piece,
        )


def checked_job(request: CompletionRequest, context: Context) -> Job:
    """Check a request against the limits and the model, and encode its prompts.

    Args:
        request: The request.
        context: Models and limits.

    Raises:
        ApiError: A value is above a limit, or fields contradict each other.
        ConfigError: There is no such model, or it reads lines backward.
        DataError: A prompt cannot be encoded.
    """
    request.check()
    served = context.models.find_forward(request.model)
    check_sampling(request, context)
    context.require_at_most("max_tokens", request.num_tokens, limit="max_tokens")
    context.require_at_most("n", request.num_samples, limit="max_samples")
    context.require_at_most("logprobs", request.logprobs or 0, limit="max_logprobs")
    prompts = read_prompts(request, served.tokenizer)
    context.require_prompt("prompt", [prompt.ids for prompt in prompts])
    return Job(
        request=request,
        served=served,
        prompts=prompts,
        bias=_bias(request.logit_bias, vocab_size=served.tokenizer.vocab_size),
        seed=chosen_seed(request),
    )


def check_sampling(fields: SamplingFields, context: Context) -> None:
    """Check the settings of sampling against the limits.

    Raises:
        ApiError: There are too many stop strings, or a setting has no effect.
    """
    context.require_at_most("number of stop strings", len(fields.stops), limit="max_stops")
    filters = {"top_k": fields.top_k, "min_p": fields.min_p, "typical_p": fields.typical_p}
    for name, value in filters.items():
        if fields.temperature == 0.0 and value is not None:
            raise ApiError(
                f"{name} has no effect with temperature 0, which always takes the most probable "
                "token.",
                help=f"Leave {name} out, or set a temperature above 0.",
                param=name,
                code="invalid_value",
            )


def sampling_of(fields: SamplingFields) -> SamplingConfig:
    """Return the settings of sampling of a request."""
    return SamplingConfig(
        temperature=1.0 if fields.temperature is None else fields.temperature,
        top_k=fields.top_k,
        top_p=None if fields.top_p == 1.0 else fields.top_p,
        min_p=fields.min_p,
        typical_p=fields.typical_p,
        repetition_penalty=1.0 if fields.repetition_penalty is None else fields.repetition_penalty,
    )


def chosen_seed(fields: SamplingFields) -> int:
    """Return the seed of a request, or a random one; a negative one counts down from 2**64."""
    return secrets.randbelow(_NUM_SEEDS) if fields.seed is None else fields.seed % 2**64


def _bias(given: dict[str, float] | None, *, vocab_size: int) -> Bias:
    """Return the bias of a request; its keys are the ids, written as texts."""
    bias = []
    for key, value in (given or {}).items():
        is_id = key.isascii() and key.isdecimal() and len(key) < 20 and int(key) < vocab_size
        if not is_id:
            raise ApiError(
                f"logit_bias has the key {key[:40]!r}, which is no token id.",
                help=f"The ids are 0 to {vocab_size - 1}; /tokenize returns those of a text.",
                param="logit_bias",
                code="invalid_value",
            )
        bias.append((int(key), value))
    return tuple(bias)
