"""`/v1/score`: log-probabilities of every token of lines or of a text, and the perplexity card."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter
from fastapi import Request as HttpRequest
from jaxtyping import Bool
from pydantic import Field

from nextword.base import Values, with_nulls
from nextword.evaluation import PerplexityCard, Sums, card_of, encoded_lines
from nextword.serving.context import Context
from nextword.serving.engine import Request
from nextword.serving.http import ERRORS, ApiError, Body, Readable, StrictBody, run_requests
from nextword.serving.models import Served
from nextword.serving.text.listening import ScoreListener
from nextword.text import Corpus, text_document
from nextword.tokens import Offsets, Reset, Tokenizer, build_store


class ScoreRequest(StrictBody):
    """Lines or a text to score; exactly one of them.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
        lines: Lines without newlines. Each is scored from the initial state, its end included.
        text: A text of any number of lines, which is scored as a whole.
        top: Number of most probable tokens that are returned at each place.
    """

    model: str | None = None
    lines: Annotated[list[str], Field(min_length=1)] | None = None
    text: str | None = None
    top: Annotated[int, Field(ge=0)] = 0


class TopToken(Body):
    """A token that could have been at a place.

    Attributes:
        token: Its text.
        log_prob: Its log-probability, in nats.
    """

    token: Readable
    log_prob: float


class ScoredToken(Body):
    """A token of a text.

    Attributes:
        text: The token in the text; empty for a line end that is not in the text.
        start: Its first character in the line or text, from 0.
        end: Its last character + 1.
        log_prob: log P(token | tokens before it), in nats; null for probability 0.
        entropy: Entropy of the predicted distribution, in nats.
        rank: 1 + the number of more probable tokens.
        is_unknown: Whether it is out of vocabulary.
        top: The most probable tokens at its place.
    """

    text: str
    start: int
    end: int
    log_prob: float | None
    entropy: float
    rank: int
    is_unknown: bool
    top: list[TopToken]


class ScoredText(Body):
    """A line, or a text.

    Attributes:
        text: The line or text.
        log_prob: Log-probability of all its tokens, in nats; null for probability 0.
        num_tokens: Number of its tokens, line ends included.
        num_unknown: Number of its tokens that are out of vocabulary.
        tokens: Its tokens.
    """

    text: str
    log_prob: float | None
    num_tokens: int
    num_unknown: int
    tokens: list[ScoredToken]


class ScoreBody(Body):
    """Scores.

    Attributes:
        model: Name of the model.
        results: One result for each line, or one for the text.
        card: The perplexity card of all lines, or of the text; see `nextword evaluate --json`.
    """

    model: str
    results: list[ScoredText]
    card: dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredUnit:
    """What is scored from the initial state: a line with its end, or a text.

    Attributes:
        text: The line or text as it was sent.
        counted: What the perplexity card counts: a line with its end, or the text.
        ids: Its token ids.
        unknown: Which of them are out of vocabulary, (num_tokens).
        offsets: Where they begin and end, (num_tokens, 2).
    """

    text: str
    counted: str
    ids: tuple[int, ...]
    unknown: Bool[np.ndarray, " num_tokens"]
    offsets: Offsets


def scoring_routes(context: Context) -> APIRouter:
    """Return the route of scores."""
    router = APIRouter(tags=["Text"], responses=ERRORS)

    @router.post("/v1/score")
    async def score(request: ScoreRequest, http: HttpRequest) -> ScoreBody:
        """Score lines, as `nextword score` does, or a text, as `nextword evaluate` does."""
        served = context.models.find(request.model)
        context.require_at_most("top", request.top, limit="max_logprobs")
        units = scored_units(request, served.tokenizer)
        context.require_prompt("line", [unit.ids for unit in units])
        num_tokens = sum(len(unit.ids) for unit in units)
        context.require_at_most("number of tokens", num_tokens, limit="max_prompt_tokens")
        requests = [
            (
                Request(prompt_ids=unit.ids, is_scored=True),
                ScoreListener(served.tokenizer, num_top=request.top),
            )
            for unit in units
        ]
        started = time.perf_counter()
        timeout_s = context.limits.request_timeout_s
        await run_requests(served.engine, requests, http=http, timeout_s=timeout_s)
        seconds = time.perf_counter() - started
        listeners = [listener for _, listener in requests]
        reset: Reset = "never" if request.lines is None else "line"
        card = perplexity_card(served, units, listeners=listeners, reset=reset, seconds=seconds)
        return ScoreBody(
            model=served.name,
            results=[_result(*pair) for pair in zip(units, listeners, strict=True)],
            card=with_nulls(card),
        )

    return router


def scored_units(request: ScoreRequest, tokenizer: Tokenizer) -> list[ScoredUnit]:
    """Return what is scored.

    Args:
        request: The request.
        tokenizer: The tokenizer of the model.

    Raises:
        ApiError: Neither lines nor a text is given, or both.
        DataError: A line contains a newline, or cannot be encoded.
    """
    if (request.lines is None) == (request.text is None):
        raise ApiError("either lines or text is needed, not both.", param="lines")
    if request.text is None:
        numbered = enumerate(request.lines or (), start=1)
        return [
            _unit(line.scored, tokenizer, text=line.text, counted=line.scored)
            for line in encoded_lines(numbered, tokenizer=tokenizer)
        ]
    text = tokenizer.without_markers(request.text)
    needs_end = tokenizer.has_line_end_token and not text.endswith("\n")
    return [_unit(text + "\n" * needs_end, tokenizer, text=text, counted=text)]


def perplexity_card(
    served: Served,
    units: Sequence[ScoredUnit],
    *,
    listeners: Sequence[ScoreListener],
    reset: Reset,
    seconds: float,
) -> Values:
    """Return the perplexity card, as JSON values.

    Args:
        served: The model.
        units: What was scored.
        listeners: The scores of each.
        reset: Where the state was reset.
        seconds: Wall-clock time of scoring, in seconds.

    Raises:
        DataError: There are no tokens.
    """
    document = text_document("".join(unit.counted for unit in units), name="request")
    corpus = Corpus(description="request", open_documents=lambda: iter([document]))
    store = build_store(corpus, served.tokenizer, folder=None)
    log_probs = np.concatenate([np.array(each.log_probs) for each in listeners])
    unknown = np.concatenate([unit.unknown for unit in units])
    sums = Sums(
        num_tokens=len(log_probs),
        num_unknown=int(unknown.sum()),
        known_nll_sum=float(-log_probs[~unknown].sum()),
        unknown_nll_sum=float(-log_probs[unknown].sum()),
        seconds=seconds,
    )
    card: PerplexityCard = card_of(
        sums,
        served.language_model,
        store=store,
        tokenizer=served.tokenizer,
        name=served.name,
        text="request",
        reset=reset,
        stride=served.language_model.stride,
    )
    return card.to_dict()


def _unit(scored: str, tokenizer: Tokenizer, *, text: str, counted: str) -> ScoredUnit:
    encoding = tokenizer.encode(scored)
    return ScoredUnit(
        text=text,
        counted=counted,
        ids=tuple(encoding.ids.tolist()),
        unknown=encoding.unknown,
        offsets=tokenizer.offsets(scored),
    )


def _result(unit: ScoredUnit, listener: ScoreListener) -> ScoredText:
    log_prob = math.fsum(listener.log_probs) if np.isfinite(listener.log_probs).all() else None
    tokens = [
        ScoredToken(
            text=unit.text[start:end],
            start=start,
            end=end,
            log_prob=_finite(listener.log_probs[place]),
            entropy=listener.entropies[place],
            rank=listener.ranks[place],
            is_unknown=bool(unit.unknown[place]),
            top=[TopToken(token=token, log_prob=value) for token, value in listener.tops[place]],
        )
        for place, (start, end) in enumerate(unit.offsets.tolist())
    ]
    return ScoredText(
        text=unit.text,
        log_prob=log_prob,
        num_tokens=len(tokens),
        num_unknown=int(unit.unknown.sum()),
        tokens=tokens,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
