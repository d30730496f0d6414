"""Requests to the engine, and the results it reports. Knows ids and sessions, not HTTP or text."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.generation import FinishReason, SamplingConfig, Session

#: Pairs of an id and the number added to its log-probability.
Bias = tuple[tuple[int, float], ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt to read, and how to continue it.

    Attributes:
        prompt_ids: Ids to read.
        start: Returns the session with one row that reads the prompt; called on the worker thread.
            A new session when None.
        is_scored: Whether the prediction of each token of the prompt is reported.
        num_top: Number of most probable tokens that are reported with each token.
        max_tokens: Maximum number of tokens of each sample; 0 to read only.
        num_samples: Number of samples; the prompt is read once for all of them.
        sampling: Settings of sampling.
        seed: Sample k uses a random number generator with the seed (seed, k), as
            `nextword.generation.generate` does.
        banned_ids: Ids that are never sampled.
        bias: Added to log-probabilities, which are then normalized again, before sampling.
        keeps_session: Whether `Listener.on_finish` gets the session after the last token.
    """

    prompt_ids: tuple[int, ...] = ()
    start: Callable[[], Session] | None = None
    is_scored: bool = False
    num_top: int = 0
    max_tokens: int = 0
    num_samples: int = 1
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    seed: int = 0
    banned_ids: tuple[int, ...] = ()
    bias: Bias = ()
    keeps_session: bool = False


@dataclass(frozen=True, kw_only=True)
class TopTokens:
    """The most probable tokens of a distribution, best first; ties are ordered by id.

    Attributes:
        token_ids: The ids.
        log_probs: Their log-probabilities, in nats.
    """

    token_ids: tuple[int, ...]
    log_probs: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class SampledToken:
    """A token that was sampled.

    Attributes:
        sample: Index of the sample, from 0.
        token_id: The id.
        log_prob: Log-probability under the distribution of the model, before bias and filters, in
            nats.
        top: The most probable tokens of that distribution; None unless they were asked for.
    """

    sample: int
    token_id: int
    log_prob: float
    top: TopTokens | None


class Listener:
    """Receives the results of a request; all methods are called on the worker thread.

    A subclass overrides what it needs. If a method raises an error, the request ends with it.
    """

    def on_prompt(
        self, token_ids: Int64[Tensor, " time"], log_probs: Float64[Tensor, "time vocab"]
    ) -> None:
        """Take the next part of a scored prompt.

        Args:
            token_ids: Ids of the part, (time).
            log_probs: Log-probabilities of all tokens before each of them, (time, vocab), in nats.
        """

    def on_read(self, session: Session) -> None:
        """Take the session, with one row, that has read the prompt; it must not be modified."""

    def on_token(self, token: SampledToken) -> bool:
        """Take a sampled token; return whether its sample ends with it."""
        return False

    def on_finish(self, sample: int, reason: FinishReason, *, session: Session | None) -> None:
        """Take the end of a sample.

        Args:
            sample: Index of the sample.
            reason: `stop` or `length`.
            session: The session with one row that has read all its tokens, if it is kept.
        """

    def on_close(self, error: Exception | None) -> None:
        """Take the end of the request; no other method is called afterwards.

        Args:
            error: Why it failed; None if it is complete.
        """


class Ticket:
    """A request that was submitted.

    Args:
        request: The request.
        listener: Receives its results.

    Attributes:
        is_cancelled: Whether its results are not needed any more; set from any thread.
        is_closed: Whether `Listener.on_close` was called.
        num_open: Number of samples that are not finished.
    """

    def __init__(self, request: Request, listener: Listener) -> None:
        self.request = request
        self.listener = listener
        self.is_cancelled = False
        self.is_closed = False
        self.num_open = request.num_samples


#: Ends a request: with an error, or None if it is complete.
Close = Callable[[Ticket, Exception | None], None]
