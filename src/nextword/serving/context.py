"""What every endpoint needs: the models, the limits and the metrics of one application."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextword.serving.config import Limits
from nextword.serving.http import ApiError, ServerMetrics
from nextword.serving.models import ServedModels


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of one application.

    Attributes:
        models: The models.
        limits: What a client may ask for.
        metrics: Figures for Prometheus.
    """

    models: ServedModels
    limits: Limits
    metrics: ServerMetrics

    def require_at_most(self, param: str, value: int, *, limit: str) -> None:
        """Refuse a number above a limit.

        Args:
            param: Field of the request.
            value: The number.
            limit: Name of the limit.

        Raises:
            ApiError: The number is above the limit.
        """
        highest: int = getattr(self.limits, limit)
        if value > highest:
            raise ApiError(
                f"{param} is {value}; the limit is {highest}.",
                help=f"The limit is the setting {limit} of the server.",
                param=param,
                code="limit_exceeded",
            )

    def require_prompt(self, param: str, prompts: Sequence[Sequence[int]]) -> None:
        """Refuse too many prompts, or one with too many tokens.

        Args:
            param: Field of the request.
            prompts: The ids of each prompt.

        Raises:
            ApiError: There are too many.
        """
        self.require_at_most(f"number of {param}s", len(prompts), limit="max_prompts")
        longest = max((len(prompt) for prompt in prompts), default=0)
        self.require_at_most(f"number of tokens of {param}", longest, limit="max_prompt_tokens")
