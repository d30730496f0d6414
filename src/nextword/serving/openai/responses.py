"""The bodies of responses of the OpenAI protocol."""

import math
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from nextword.serving.http import Body
from nextword.serving.openai.samples import Piece, TokenEntry

#: In place of -inf, which JSON does not have, for tokens of probability 0.
LOWEST_LOG_PROB = -9999.0


class Logprobs(Body):
    """The tokens of a choice.

    Attributes:
        tokens: Their texts.
        token_logprobs: Their log-probabilities, in nats, before temperature, bias and filters; null
            for the first token of an echoed prompt, -9999 for a token of probability 0.
        top_logprobs: The most probable tokens at each place and the token itself, by their texts.
        text_offset: First character of each token in the text.
    """

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None
    text_offset: list[int]


class CompletionChoice(Body):
    """A choice: prompt i has the choices i * n to (i + 1) * n - 1.

    Attributes:
        index: Its index.
        text: Its text.
        logprobs: Its tokens, if `logprobs` is set.
        finish_reason: `stop` at a stop string, `length` at `max_tokens`; null within a stream.
    """

    index: int
    text: str
    logprobs: Logprobs | None = None
    finish_reason: Literal["stop", "length"] | None = None


class Usage(Body):
    """Numbers of tokens.

    Attributes:
        prompt_tokens: Tokens of all prompts, each counted once.
        completion_tokens: Sampled tokens of all choices, those of stop strings included.
        total_tokens: Their sum.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionResponse(Body):
    """The response to a request to `/v1/completions`; a chunk of a stream looks the same."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | None = None


class Envelope:
    """What all chunks of one response have in common.

    Args:
        model: Name of the model.
    """

    def __init__(self, model: str) -> None:
        self._fields = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
        }

    def body(self, choices: Sequence[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        """Return a body with these choices and further fields."""
        return {**self._fields, "choices": list(choices), **fields}


def choice_body(piece: Piece, *, with_logprobs: bool) -> dict[str, Any]:
    """Return the JSON of a choice, or of a part of it."""
    return {
        "index": piece.index,
        "text": piece.text,
        "logprobs": _logprobs(piece.entries) if with_logprobs else None,
        "finish_reason": piece.finish_reason,
    }


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Return whole choices from their parts, ordered by index."""
    parts: dict[int, list[Piece]] = {}
    for piece in pieces:
        parts.setdefault(piece.index, []).append(piece)
    return [
        Piece(
            index=index,
            text="".join(part.text for part in parts[index]),
            entries=[entry for part in parts[index] for entry in part.entries],
            finish_reason=parts[index][-1].finish_reason,
        )
        for index in sorted(parts)
    ]


def usage_body(*, num_prompt: int, num_sampled: int) -> dict[str, int]:
    """Return the JSON of the numbers of tokens."""
    return {
        "prompt_tokens": num_prompt,
        "completion_tokens": num_sampled,
        "total_tokens": num_prompt + num_sampled,
    }


def _logprobs(entries: Sequence[TokenEntry]) -> dict[str, Any]:
    tops = [
        None if each.top is None else {token: _finite(value) for token, value in each.top.items()}
        for each in entries
    ]
    return {
        "tokens": [each.token for each in entries],
        "token_logprobs": [
            None if each.log_prob is None else _finite(each.log_prob) for each in entries
        ],
        "top_logprobs": tops,
        "text_offset": [each.offset for each in entries],
    }


def _finite(log_prob: float) -> float:
    return log_prob if math.isfinite(log_prob) else LOWEST_LOG_PROB
