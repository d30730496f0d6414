"""A small builder of ONNX graphs. Knows nothing of models."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from nextword.interop.onnx.extra import import_onnx

#: Version of the operators; onnxruntime 1.15 and later have it.
OPSET = 17
#: Version of the file format that belongs to it.
_IR_VERSION = 8
#: Numbers of the types in the file format.
FLOAT, INT32, INT64 = 1, 6, 7


class GraphBuilder:
    """Collects the nodes and tensors of a graph; values are referred to by name.

    Args:
        name: Name of the graph.
    """

    def __init__(self, name: str) -> None:
        self._onnx = import_onnx()
        self._name = name
        self._nodes: list[Any] = []
        self._tensors: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def add(self, operator: str, inputs: Sequence[str], *, name: str = "", **settings: Any) -> str:
        """Add a node with one output and return the name of the output.

        Args:
            operator: Name of the operator.
            inputs: Names of its inputs; empty for one that is left out.
            name: Name of the output; made up if empty.
            **settings: Attributes of the operator.
        """
        return self.add_many(operator, inputs, names=[name], **settings)[0]

    def add_many(
        self, operator: str, inputs: Sequence[str], *, names: Sequence[str], **settings: Any
    ) -> list[str]:
        """Add a node with several outputs and return their names.

        Args:
            operator: Name of the operator.
            inputs: Names of its inputs; empty for one that is left out.
            names: Names of the outputs; empty ones are made up.
            **settings: Attributes of the operator.
        """
        number = len(self._nodes)
        outputs = [name or f"{operator}_{number}_{place}" for place, name in enumerate(names)]
        node = self._onnx.helper.make_node(
            operator, list(inputs), outputs, name=f"{operator}_{number}", **settings
        )
        self._nodes.append(node)
        return outputs

    def tensor(self, name: str, values: Tensor | Sequence[int] | float) -> str:
        """Add a constant, once for each name, and return its name.

        Args:
            name: Its name.
            values: A tensor, written in float32; integers, written as int64; or one float.
        """
        if name not in self._tensors:
            self._tensors[name] = self._onnx.numpy_helper.from_array(_array(values), name)
        return name

    def shared_name(self, values: Tensor, name: str) -> str:
        """Return the name of a tensor; the first one where two layers share it."""
        return self._names.setdefault(id(values), name)

    def ints(self, *values: int) -> str:
        """Add a vector of int64 and return its name."""
        return self.tensor("ints_" + "_".join(map(str, values)), values)

    def input(self, name: str, axes: Sequence[str | int], *, is_integer: bool = False) -> str:
        """Add an input of the graph and return its name.

        Args:
            name: Its name.
            axes: Name of each dynamic axis, size of each fixed one.
            is_integer: Whether its values are int64 instead of float32.
        """
        self._inputs.append(self._value(name, axes, is_integer=is_integer))
        return name

    def output(self, name: str, axes: Sequence[str | int]) -> None:
        """Make a value an output of the graph."""
        self._outputs.append(self._value(name, axes, is_integer=False))

    def model(self, metadata: dict[str, str]) -> Any:
        """Return the model, checked by onnx.

        Args:
            metadata: Texts by name that are stored in the file.
        """
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes,
            self._name,
            self._inputs,
            self._outputs,
            initializer=list(self._tensors.values()),
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="nextword",
            ir_version=_IR_VERSION,
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _value(self, name: str, axes: Sequence[str | int], *, is_integer: bool) -> Any:
        types = self._onnx.TensorProto
        kind = types.INT64 if is_integer else types.FLOAT
        return self._onnx.helper.make_tensor_value_info(name, kind, list(axes))


def _array(values: Tensor | Sequence[int] | float) -> Any:
    if isinstance(values, Tensor):
        return np.ascontiguousarray(values.detach().cpu().float().numpy())
    if isinstance(values, float):
        return np.array(values, dtype=np.float32)
    return np.array(values, dtype=np.int64)
