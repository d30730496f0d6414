"""The bodies of requests and responses about sessions."""

from typing import Annotated, Literal

from pydantic import Field

from nextword.serving.http import Body, StrictBody
from nextword.serving.openai import SamplingFields, TokenId
from nextword.serving.text import TokenProbability


class TextFields(StrictBody):
    """What a session reads: a text or token ids.

    Attributes:
        text: A text; it is encoded on its own, so it should begin and end between two words.
        token_ids: Token ids.
    """

    text: str | None = None
    token_ids: list[TokenId] | None = None


class CreateRequest(TextFields):
    """A session to create.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
    """

    model: str | None = None


class AppendRequest(TextFields):
    """Text to read.

    Attributes:
        score: Whether the log-probabilities of the tokens are returned.
    """

    score: bool = False


class AskRequest(StrictBody):
    """A question for the next tokens.

    Attributes:
        k: Number of tokens.
    """

    k: Annotated[int, Field(ge=1, le=1000)] = 5


class SampleRequest(SamplingFields):
    """Text to generate.

    Attributes:
        max_tokens: Maximum number of tokens.
        keep: Whether the session reads the generated tokens, those of a stop string included.
    """

    max_tokens: Annotated[int, Field(ge=1)] = 16
    keep: bool = True


class SessionBody(Body):
    """A session.

    Attributes:
        id: Its id.
        model: Name of its model.
        num_tokens: Number of tokens it has read.
        num_bytes: Size of its serialized state; does not grow with the number of tokens.
        expires_in_s: Time until it is deleted unless it is used, in seconds.
    """

    id: str
    object: Literal["session"] = "session"
    model: str
    num_tokens: int
    num_bytes: int
    expires_in_s: float


class AppendBody(SessionBody):
    """A session that has read a text.

    Attributes:
        token_ids: The tokens that were read; null unless they were scored.
        log_probs: Their log-probabilities, in nats; null for a token of probability 0.
    """

    token_ids: list[int] | None = None
    log_probs: list[float | None] | None = None


class AskBody(Body):
    """The most probable next tokens."""

    id: str
    next: list[TokenProbability]


class SampleBody(SessionBody):
    """A session, and the text that continues it.

    Attributes:
        text: The text, before any stop string.
        num_sampled: Number of sampled tokens.
        log_prob: Their log-probability under the model, in nats.
        finish_reason: `stop` or `length`.
    """

    text: str
    num_sampled: int
    log_prob: float
    finish_reason: Literal["stop", "length"]


class DeletedBody(Body):
    """A session that was deleted."""

    id: str
    deleted: Literal[True] = True
