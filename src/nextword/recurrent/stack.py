"""A stack of recurrent layers over time: one layer's outputs are the next one's inputs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from torch import nn

from nextword.base import ConfigError, ShapeError
from nextword.cells import AnyCell, CellState
from nextword.layers import LayerTrace
from nextword.recurrent.backends import Backend, choose_backend, lacks_kernels
from nextword.recurrent.noise import LayerNoise, NoiseKind
from nextword.recurrent.regularizer import RecurrentRegularizer
from nextword.recurrent.trace import appending_to
from nextword.tensors import Embeddings, Hidden, Lengths

#: One state per layer, lowest first.
StackState = tuple[CellState, ...]


class RecurrentStack(nn.Module):
    """A stack of recurrent layers: the outputs of a layer are the inputs of the next one.

    Args:
        cells: The cell of each layer, lowest first.
        dropout_between: Dropout between layers; not applied to the outputs of the last layer.
        regularizer: Noise in the recurrence of every layer in training.
        residual: Add the inputs of a layer to its outputs, from the second layer on. The inputs are
            those before `dropout_between`.
        backend: Name of the implementation of the layers; `auto` chooses one.

    Raises:
        ShapeError: The input size of a cell differs from the output size of the one below.
        ConfigError: The backend is unknown or does not support a cell or the regularizer, or a
            residual connection adds vectors of different sizes.

    Source: [lecture-004], multi-layer RNNs; residual connections as in [wu2016].
    """

    def __init__(
        self,
        cells: Sequence[AnyCell],
        *,
        dropout_between: Callable[[Embeddings], Embeddings] | None = None,
        regularizer: RecurrentRegularizer | None = None,
        residual: bool = False,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        for below, above in pairwise(cells):
            if above.input_size != below.output_size:
                raise ShapeError(
                    f"a layer has input size {above.input_size}, but the layer below it has output "
                    f"size {below.output_size}."
                )
            if residual and above.input_size != above.output_size:
                raise ConfigError(
                    f"residual connections need layers of equal size, but a layer has input size "
                    f"{above.input_size} and output size {above.output_size}."
                )
        self.cells = nn.ModuleList(cells)
        self.dropout_between = dropout_between if dropout_between is not None else nn.Identity()
        self.regularizer = regularizer if regularizer is not None else RecurrentRegularizer()
        for cell in cells:
            self.regularizer.check(cell)
        self.residual = residual
        self._state_threshold: float | None = None
        self.backends: tuple[Backend, ...] = ()
        self.use_backend(backend)

    @property
    def layers(self) -> list[AnyCell]:
        """The cells, lowest first."""
        return list(self.cells)  # type: ignore[arg-type]  # nn.ModuleList is not typed

    def extra_repr(self) -> str:
        """Return the settings that the submodules do not show; part of a model's fingerprint."""
        return "residual" if self.residual else ""

    def use_backend(self, name: str) -> None:
        """Choose the backend of every layer again."""
        self._backend_name = name
        self.backends = tuple(
            choose_backend(cell, name=name, noise=self._kinds) for cell in self.layers
        )

    def limit_state_gradient(self, threshold: float | None) -> None:
        """Clip the gradient of the state before each step in all later calls.

        Args:
            threshold: Limit γ on each component of that gradient; None for no limit.

        Raises:
            ConfigError: The named backend does not support it.
        """
        self._state_threshold = threshold
        self.use_backend(self._backend_name)

    @property
    def _kinds(self) -> frozenset[NoiseKind]:
        """The kinds of noise that the backends have to support."""
        kinds = self.regularizer.kinds
        return kinds if self._state_threshold is None else kinds | {"state_clipping"}

    @property
    def lacks_kernels(self) -> bool:
        """Whether the compiled kernels would run a layer if they were installed."""
        is_free = self._backend_name == "auto"
        return is_free and any(lacks_kernels(cell, noise=self._kinds) for cell in self.layers)

    def initial_state(self, batch_size: int) -> StackState:
        """Return the state before the first step, one cell state per layer."""
        return tuple(cell.initial_state(batch_size) for cell in self.layers)

    def forward(
        self,
        inputs: Embeddings,
        state: StackState,
        *,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
        layer_outputs: list[Hidden] | None = None,
    ) -> tuple[Hidden, StackState]:
        """Run all layers over a window of inputs.

        Args:
            inputs: (batch, time, input_size).
            state: One state per layer.
            lengths: Number of valid steps in each row, (batch); all when None.
            layer_traces: The trace of each layer is appended to this list, lowest first, and the
                layers are run step by step, not by their backends; none are recorded when None.
            layer_outputs: The outputs of each layer, (batch, time, output_size), are appended to
                this list, lowest first, including what a residual connection adds; none are when
                None.

        Returns:
            The outputs of the last layer, (batch, time, output_size), and the state after the last
            valid step of each row.
        """
        final_state = []
        layers = zip(self.layers, self.backends, state, strict=True)
        for depth, (cell, backend, layer_state) in enumerate(layers):
            below = inputs
            if depth > 0:
                inputs = self.dropout_between(inputs)
            noise = self._noise(cell, inputs)
            run_layer = backend.run_layer if layer_traces is None else appending_to(layer_traces)
            inputs, layer_final = run_layer(
                cell, inputs, state=layer_state, lengths=lengths, **noise
            )
            if depth > 0 and self.residual:
                inputs = inputs + below
            if layer_outputs is not None:
                layer_outputs.append(inputs)
            final_state.append(layer_final)
        return inputs, tuple(final_state)

    def _noise(self, cell: AnyCell, inputs: Embeddings) -> dict[str, LayerNoise]:
        """Return a layer's noise as a further argument of the backend, or no argument."""
        if not self._kinds:
            return {}
        batch_size, num_steps, _ = inputs.shape
        noise = self.regularizer.draw(cell, batch_size=batch_size, num_steps=num_steps)
        return {"noise": replace(noise, state_threshold=self._state_threshold)}

    def _apply(self, *arguments: Any, **options: Any) -> "RecurrentStack":
        """Choose the backends again after the weights moved to another device or dtype."""
        super()._apply(*arguments, **options)  # type: ignore[no-untyped-call]
        self.use_backend(self._backend_name)
        return self


def recurrent_stacks(model: nn.Module) -> list[RecurrentStack]:
    """Return every recurrent stack inside a model; empty for models without recurrence."""
    return [module for module in model.modules() if isinstance(module, RecurrentStack)]


def layer_backends(model: nn.Module) -> tuple[str, ...]:
    """Return the name of the backend of each recurrent layer of a model, lowest first."""
    return tuple(each.name for stack in recurrent_stacks(model) for each in stack.backends)


def clip_state_gradients(model: nn.Module, threshold: float) -> None:
    """Clip the gradient of the state at every time step of every recurrent layer in later calls.

    Args:
        model: A model with recurrent layers.
        threshold: Largest absolute value of a component of that gradient.

    Raises:
        ConfigError: The model has no recurrent layers, or its backend does not support it.
    """
    stacks = recurrent_stacks(model)
    if not stacks:
        raise ConfigError(
            f"clipping.state_threshold is {threshold}, but the model has no recurrent layers.",
            help="Leave clipping.state_threshold out.",
        )
    for stack in stacks:
        stack.limit_state_gradient(threshold)


def misses_kernels(model: nn.Module) -> bool:
    """Return whether the compiled kernels would speed up a model, but are not installed."""
    return any(stack.lacks_kernels for stack in recurrent_stacks(model))
