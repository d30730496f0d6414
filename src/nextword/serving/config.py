"""Settings of the server. Knows nothing of HTTP."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from nextword.base import (
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    require,
    settings,
)


@settings("limits")
@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one client may ask for, and how much the server does at once.

    Attributes:
        max_body_bytes: Size of the body of a request, in bytes.
        max_json_depth: Depth of nested arrays and objects in a body.
        max_prompts: Number of prompts, lines or texts of a request.
        max_prompt_tokens: Number of tokens of a prompt, a text or all lines of a request.
        max_tokens: Number of generated tokens of a sample.
        max_samples: Number of samples of a prompt (`n`).
        max_logprobs: Number of most probable tokens that are returned with each token.
        max_stops: Number of stop strings.
        max_rows: Number of samples that a model generates together.
        max_queue: Number of samples that wait for a model; more requests are refused with 429.
        max_sessions: Number of sessions that are kept.
        session_ttl_s: Time after its last use when a session is deleted, in seconds.
        header_timeout_s: Time in which the header of a request has to arrive, in seconds.
        body_timeout_s: Time in which the body of a request has to arrive, in seconds.
        request_timeout_s: Time after which a request is ended, in seconds.
        grace_s: Time in which running requests are completed when the server stops, in seconds.
    """

    max_body_bytes: PositiveInt = 1024 * 1024
    max_json_depth: PositiveInt = 16
    max_prompts: PositiveInt = 128
    max_prompt_tokens: PositiveInt = 65_536
    max_tokens: PositiveInt = 4096
    max_samples: PositiveInt = 16
    max_logprobs: NonNegativeInt = 20
    max_stops: PositiveInt = 4
    max_rows: PositiveInt = 64
    max_queue: NonNegativeInt = 256
    max_sessions: PositiveInt = 10_000
    session_ttl_s: PositiveFloat = 3600.0
    header_timeout_s: PositiveFloat = 8.0
    body_timeout_s: PositiveFloat = 8.0
    request_timeout_s: PositiveFloat = 300.0
    grace_s: NonNegativeFloat = 30.0

    def __post_init__(self) -> None:
        """Check that every request that passes the limits fits in a batch."""
        require(
            self.max_samples <= self.max_rows,
            f"limits.max_samples is {self.max_samples}, above limits.max_rows {self.max_rows}.",
            help="Raise limits.max_rows.",
        )


@settings("server")
@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Where the server listens, and whom it answers.

    Attributes:
        host: Address to bind.
        port: Port to bind; 0 chooses a free one.
        api_key: Key that requests have to carry as `Authorization: Bearer KEY`; None for none.
        allowed_hosts: Host names under which the server is reached, besides `localhost`, IP
            addresses and `host`.
        allowed_origins: Origins of web pages that may use the server, besides its own.
        has_page: Whether a page to use the models is served at `/`.
        limits: The limits.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    api_key: Annotated[str, Field(min_length=1)] | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    has_page: bool = True
    limits: Limits = field(default_factory=Limits)
