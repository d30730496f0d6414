"""The models that are served, by name, each with its engine."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nextword.api import Model
from nextword.base import ConfigError, did_you_mean
from nextword.generation import require_forward
from nextword.inspection import units_per_layer
from nextword.serving.config import Limits
from nextword.serving.engine import Engine, StepFigures
from nextword.serving.http import ApiError
from nextword.tokens import Tokenizer

if TYPE_CHECKING:
    from nextword.models import LanguageModel

#: Task of a language model, beside those of `nextword.tasks`.
LANGUAGE = "language"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model that is served.

    Attributes:
        name: Its name in requests.
        task: `language`, or the task: `tagging` ...
        model: A `nextword.api.Model`, or the model of a task.
        engine: Runs everything that uses the model, on one thread.
        created: When it was loaded, in seconds since 1970.
        units_per_layer: Number of units of each recurrent layer of a language model; empty for
            other models.
    """

    name: str
    task: str
    model: Any
    engine: Engine
    created: int
    units_per_layer: tuple[int, ...] = ()

    @property
    def language_model(self) -> "LanguageModel":
        """The language model on token ids."""
        model: LanguageModel = self.model.language_model
        return model

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the language model."""
        tokenizer: Tokenizer = self.model.tokenizer
        return tokenizer

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        model = self.language_model if self.task == LANGUAGE else self.model
        return int(model.num_parameters)


class ServedModels:
    """All models of a server.

    Args:
        models: The loaded models by name; see `nextword.load`.
        limits: The sizes of batches and queues.
        on_step: Returns what is called with the figures of each step of a model, from its name.

    Raises:
        ConfigError: There is no model.
    """

    def __init__(
        self,
        models: Mapping[str, Any],
        *,
        limits: Limits,
        on_step: Callable[[str], Callable[[StepFigures], None]],
    ) -> None:
        if not models:
            raise ConfigError("no model is served.", help="Name a model.")
        self._served = {
            name: _served(name, model, limits=limits, on_step=on_step(name))
            for name, model in models.items()
        }

    def __iter__(self) -> Iterator[Served]:
        """Iterate over the models."""
        return iter(self._served.values())

    @property
    def are_ready(self) -> bool:
        """Whether every model takes requests."""
        return all(served.engine.is_alive for served in self)

    def start(self) -> None:
        """Start the threads of all models."""
        for served in self:
            served.engine.start()

    def drain(self) -> None:
        """Refuse new requests; those that run are completed."""
        for served in self:
            served.engine.drain()

    def close(self, *, grace_s: float) -> None:
        """Wait for the requests that run, and stop the threads.

        Args:
            grace_s: Longest time to wait, in seconds.
        """
        end = time.monotonic() + grace_s
        self.drain()
        for served in self:
            served.engine.close(grace_s=max(0.0, end - time.monotonic()))

    def find(self, name: str | None, *, task: str = LANGUAGE) -> Served:
        """Return the model of a name and task.

        Args:
            name: The name; the only model of the task when None.
            task: `language`, or a task.

        Raises:
            ApiError: There is no such model, or the name is needed.
        """
        candidates = {each.name: each for each in self if each.task == task}
        if name is None:
            if len(candidates) == 1:
                return next(iter(candidates.values()))
            names = ", ".join(candidates)
            raise ApiError(
                f"the request names no model, and {len(candidates)} {task} models are served.",
                help=f"Set model to one of: {names}." if names else f"Serve a {task} model.",
                status=422 if names else 404,
                param="model",
                code="model_not_found",
            )
        if name in candidates:
            return candidates[name]
        message = f"there is no model {name[:100]!r}."
        help = did_you_mean(name[:100], list(candidates))
        if name in self._served:
            message = f"the model {name!r} is a {self._served[name].task} model."
            help = f"Use a {task} model."
        raise ApiError(message, help=help, status=404, param="model", code="model_not_found")

    def find_forward(self, name: str | None) -> Served:
        """Return the language model of a name, which must predict the next token.

        Raises:
            ConfigError: The model reads lines backward.
            ApiError: There is no such model, or the name is needed.
        """
        served = self.find(name)
        require_forward(served.tokenizer)
        return served


def _served(
    name: str, model: Any, *, limits: Limits, on_step: Callable[[StepFigures], None]
) -> Served:
    is_language = isinstance(model, Model)
    engine = Engine(
        model.language_model if is_language else None,
        max_rows=limits.max_rows,
        max_queue=limits.max_queue,
        on_step=on_step,
    )
    task = LANGUAGE if is_language else str(model.task)
    return Served(
        name=name,
        task=task,
        model=model,
        engine=engine,
        created=int(time.time()),
        units_per_layer=_units(model.language_model) if is_language else (),
    )


def _units(model: "LanguageModel") -> tuple[int, ...]:
    try:
        return units_per_layer(model)
    except ConfigError:
        return ()
