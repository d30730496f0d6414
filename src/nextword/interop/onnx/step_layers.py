"""One step of the cells that ONNX has no operator for, in elementwise operators.

A graph with such a cell reads one token at a time. Over time it would need a loop, which is many
times slower than calling the graph again.
"""

from torch.nn import functional

from nextword.cells import (
    AnyCell,
    ElmanPreactivationCell,
    MinGruCell,
    MinLstmCell,
    ProjectedLstmCell,
    RgLruCell,
)
from nextword.interop.onnx.graph import GraphBuilder

STEP_CELLS = (ProjectedLstmCell, MinGruCell, MinLstmCell, RgLruCell, ElmanPreactivationCell)
_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
_SHARPNESS = 8.0
_SMALLEST_SHARE = 1e-6


def add_step_layer(
    graph: GraphBuilder, cell: AnyCell, *, inputs: str, state: list[str], prefix: str
) -> tuple[str, list[str]]:
    """Add one step of a layer.

    Args:
        graph: The graph.
        cell: Its cell, one of `STEP_CELLS`.
        inputs: Name of the inputs, (1, batch, input_size).
        state: Names of the state before it, each (batch, size).
        prefix: Beginning of the names of its weights.

    Returns:
        Names of the outputs, (1, batch, output_size), and of the state after it.
    """
    step = _Step(graph, cell, prefix=prefix)
    vectors = graph.add("Squeeze", [inputs, graph.ints(0)])
    if isinstance(cell, ProjectedLstmCell):
        outputs, after = step.projected_lstm(vectors, state)
    elif isinstance(cell, ElmanPreactivationCell):
        outputs, after = step.preactivation(cell, vectors, state)
    else:
        outputs, after = step.diagonal(cell, vectors, state)
    return graph.add("Unsqueeze", [outputs, graph.ints(0)]), after


class _Step:
    """The operators of one step, in the letters of the cells."""

    def __init__(self, graph: GraphBuilder, cell: AnyCell, *, prefix: str) -> None:
        self._graph, self._cell, self._prefix = graph, cell, prefix

    def projected_lstm(self, inputs: str, state: list[str]) -> tuple[str, list[str]]:
        gates = self._add(self._product(inputs, "weight_ih"), self._product(state[0], "weight_hh"))
        i, f, g, o = self._split(self._add(gates, self._weight("bias")), 4)
        kept = self._multiply(self._sigmoid(f), state[1])
        added = self._multiply(self._sigmoid(i), self._node("Tanh", g))
        cell = self._add(kept, added)
        wide = self._multiply(self._sigmoid(o), self._node("Tanh", cell))
        outputs = self._product(wide, "weight_hr")
        return outputs, [outputs, cell]

    def preactivation(
        self, cell: ElmanPreactivationCell, inputs: str, state: list[str]
    ) -> tuple[str, list[str]]:
        activation = _ACTIVATIONS[cell.nonlinearity]
        seen = self._product(self._node(activation, state[0]), "weight_hh")
        summed = self._add(self._product(inputs, "weight_ih"), seen)
        after = self._add(summed, self._weight("bias"))
        return self._node(activation, after), [after]

    def diagonal(self, cell: AnyCell, inputs: str, state: list[str]) -> tuple[str, list[str]]:
        product = self._add(self._product(inputs, "weight_ih"), self._weight("bias"))
        if isinstance(cell, MinGruCell):
            decay, update = self._min_gru(product)
        elif isinstance(cell, MinLstmCell):
            decay, update = self._min_lstm(product)
        else:
            decay, update = self._rg_lru(product)
        after = self._add(self._multiply(decay, state[0]), update)
        return after, [after]

    def _min_gru(self, product: str) -> tuple[str, str]:
        gate, candidate = self._split(product, 2)
        z = self._sigmoid(gate)
        return self._node("Sub", self._number(1.0), z), self._multiply(z, candidate)

    def _min_lstm(self, product: str) -> tuple[str, str]:
        forget, enter, candidate = self._split(product, 3)
        f, i = self._sigmoid(forget), self._sigmoid(enter)
        total = self._add(f, i)
        share = self._node("Div", i, total)
        return self._node("Div", f, total), self._multiply(share, candidate)

    def _rg_lru(self, product: str) -> tuple[str, str]:
        gate, enter, candidate = self._split(product, 3)
        log_decay = _SHARPNESS * functional.logsigmoid(self._cell.get_parameter("decay"))
        name = self._graph.tensor(f"{self._prefix}.log_decay", log_decay)
        log_a = self._multiply(self._sigmoid(gate), name)
        a = self._node("Exp", log_a)
        square = self._node("Exp", self._multiply(log_a, self._number(2.0)))
        rest = self._node("Sub", self._number(1.0), square)
        share = self._node("Sqrt", self._node("Max", rest, self._number(_SMALLEST_SHARE)))
        entered = self._multiply(self._sigmoid(enter), candidate)
        return a, self._multiply(share, entered)

    def _node(self, operator: str, *inputs: str) -> str:
        return self._graph.add(operator, inputs)

    def _add(self, first: str, second: str) -> str:
        return self._node("Add", first, second)

    def _multiply(self, first: str, second: str) -> str:
        return self._node("Mul", first, second)

    def _sigmoid(self, value: str) -> str:
        return self._node("Sigmoid", value)

    def _number(self, value: float) -> str:
        return self._graph.tensor(f"number_{value}", value)

    def _weight(self, name: str) -> str:
        return self._graph.tensor(f"{self._prefix}.{name}", self._cell.get_parameter(name))

    def _product(self, vectors: str, name: str) -> str:
        matrix = self._graph.tensor(f"{self._prefix}.{name}", self._cell.get_parameter(name).T)
        return self._node("MatMul", vectors, matrix)

    def _split(self, vectors: str, number: int) -> list[str]:
        size = self._cell.hidden_size
        sizes = self._graph.ints(*[size] * number)
        return self._graph.add_many("Split", [vectors, sizes], names=[""] * number, axis=1)
