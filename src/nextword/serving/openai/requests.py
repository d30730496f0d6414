"""The bodies of requests of the OpenAI protocol. What is not honoured is refused."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from nextword.serving.http import ApiError, StrictBody

TokenId = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Temperature = Annotated[float, Field(ge=0.0, le=100.0)]
TopP = Annotated[float, Field(gt=0.0, le=1.0)]
StopString = Annotated[str, Field(min_length=1, max_length=1000)]
Stop = StopString | list[StopString] | None
#: One or several prompts.
PromptInput = str | list[TokenId] | list[str] | list[list[TokenId]]


class SamplingFields(StrictBody):
    """Settings of sampling that several requests share.

    Attributes:
        temperature: Divides the logits; 0 always takes the most probable token.
        top_p: Sample from the most probable tokens whose probabilities sum to this.
        top_k: Sample from this number of most probable tokens. Not in the OpenAI protocol.
        min_p: Sample from tokens at least this times as probable as the most probable one. Not in
            the OpenAI protocol.
        typical_p: Sample from the most typical tokens whose probabilities sum to this. Not in the
            OpenAI protocol.
        repetition_penalty: Values above 1 make repetition less likely. Not in the OpenAI protocol.
        seed: Random seed; another one for each request when absent.
        stop: Texts before which a sample ends.
    """

    temperature: Temperature | None = 1.0
    top_p: TopP | None = 1.0
    top_k: Annotated[int, Field(ge=1)] | None = None
    min_p: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    typical_p: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0.0, le=100.0)] | None = 1.0
    seed: Seed | None = None
    stop: Stop = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)


class StreamOptions(StrictBody):
    """Options of a stream.

    Attributes:
        include_usage: Whether a last chunk without choices has the number of tokens.
    """

    include_usage: bool = False


class CompletionRequest(SamplingFields):
    """A request to `/v1/completions`.

    Attributes:
        model: Name of the model; may be absent if one language model is served.
        prompt: A text, its token ids, or a list of texts or of lists of token ids. Ids that begin
            with the boundary token are not given a second one.
        max_tokens: Maximum number of tokens of each sample; 0 only with `echo`.
        n: Number of samples of each prompt.
        best_of: Must be equal to `n`.
        echo: Whether the text begins with the prompt.
        logprobs: Number of most probable tokens that are returned with each token.
        logit_bias: Numbers from -100 to 100 that are added to the log-probabilities of token ids.
        stream: Whether the text is sent as it is generated, as server-sent events.
        stream_options: Options of a stream.
        frequency_penalty: Must be 0; `repetition_penalty` is supported.
        presence_penalty: Must be 0; `repetition_penalty` is supported.
        suffix: Must be absent.
        user: Accepted and not used; it has no effect on the answer.
    """

    model: str | None = None
    prompt: PromptInput = ""
    max_tokens: Annotated[int, Field(ge=0)] | None = 16
    n: Annotated[int, Field(ge=1)] | None = 1
    best_of: int | None = None
    echo: bool | None = False
    logprobs: Annotated[int, Field(ge=0)] | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100.0, le=100.0)]] | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    frequency_penalty: Literal[0] | None = 0
    presence_penalty: Literal[0] | None = 0
    suffix: None = None
    user: str | None = None

    @field_validator("frequency_penalty", "presence_penalty", mode="before")
    @classmethod
    def _zero(cls, value: Any) -> Any:
        """Take 0.0, which clients send as the default, for 0; refuse other numbers."""
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if value != 0:
            message = "only 0 is supported; repetition_penalty makes repetition less likely"
            raise PydanticCustomError("unsupported", message)
        return 0

    @property
    def num_samples(self) -> int:
        """Number of samples of each prompt."""
        return 1 if self.n is None else self.n

    @property
    def num_tokens(self) -> int:
        """Maximum number of tokens of each sample."""
        return 16 if self.max_tokens is None else self.max_tokens

    def check(self) -> None:
        """Refuse fields that contradict each other.

        Raises:
            ApiError: They do.
        """
        if self.best_of is not None and self.best_of != self.num_samples:
            raise ApiError(
                f"best_of is {self.best_of}, and n is {self.num_samples}; choosing the best of "
                "several samples is not supported.",
                help="Leave best_of out.",
                param="best_of",
                code="unsupported_value",
            )
        if self.num_tokens == 0 and not self.echo:
            raise ApiError(
                "max_tokens is 0 without echo, so nothing would be returned.",
                help="Set echo, or raise max_tokens.",
                param="max_tokens",
                code="invalid_value",
            )
        if self.stream_options is not None and not self.stream:
            raise ApiError(
                "stream_options are set without stream.",
                help="Set stream, or leave stream_options out.",
                param="stream_options",
                code="invalid_value",
            )
