"""Truncated back-propagation through time.

It has two hyperparameters: gradients are propagated back through `bptt_steps` steps (k2), and an
update is made every `update_every` targets of a row (k1).

- k1 = k2: the text is split into windows, one per update.
- k1 < k2: windows overlap. Each update runs the forward pass from the detached state k2 steps back,
  computes the loss of the last k1 targets, and back-propagates through the whole window.
- k1 > k2: each update accumulates the gradients of several windows.

The loss of each target is computed once.

Source: Williams & Peng (1990), BPTT(h; h'); lectures 000 and 002.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from nextword.base import Values
from nextword.batches import Batch, UnitReader
from nextword.models import NeuralLanguageModel, State
from nextword.parallel import World
from nextword.recurrent import ActivationPenalty
from nextword.tensors import TokenIds, autocast
from nextword.training.language_modeling.free_running import free_running_ids
from nextword.training.language_modeling.recorded_outputs import recorded_outputs
from nextword.training.loop import UpdateLoss


class TruncatedBptt:
    """Computes the gradients of the successive updates over a text.

    Args:
        model: The model; gradients are accumulated in its parameters.
        bptt_steps: Number of steps that gradients are propagated back (k2).
        update_every: Number of targets per row between updates (k1).
        carry_state: Carry the state from one window to the next.
        accumulation_steps: Number of parts that the rows are split into, to save memory.
        free_running_probability: Probability that a step reads a sample of the model instead of the
            true token.
        penalty: Penalty on the activations of the last layer; none when None.
        precision: Dtype of the forward pass; weights and states are float32.
        world: The processes that train together; each reads a part of the rows.
    """

    def __init__(
        self,
        model: NeuralLanguageModel,
        *,
        bptt_steps: int,
        update_every: int,
        carry_state: bool = True,
        accumulation_steps: int = 1,
        free_running_probability: float = 0.0,
        penalty: ActivationPenalty | None = None,
        precision: torch.dtype = torch.float32,
        world: World | None = None,
    ) -> None:
        self._world = World() if world is None else world
        self._model = model
        self._precision = precision
        self._bptt_steps = bptt_steps
        self._update_every = update_every
        self._carry_state = carry_state
        self._accumulation_steps = accumulation_steps
        self._free_running_probability = free_running_probability
        self._penalty = penalty or ActivationPenalty()
        self._chunks: deque[Batch] = deque()
        self._states: deque[State] = deque()

    def start(self, reader: UnitReader) -> None:
        """Start an epoch from the initial state."""
        self._chunks.clear()
        self._states.clear()
        self._states.append(self._model.initial_state(reader.num_rows))

    def backward(self, reader: UnitReader) -> UpdateLoss | None:
        """Read the windows of one update and accumulate the gradient of the mean loss.

        With several processes, the mean is over the targets of all of them, and the gradient is
        that of the rows of this process.

        Args:
            reader: The text, with as many rows as in `start`.

        Returns:
            The loss of the rows of this process; None at the end of the text.
        """
        if self._update_every < self._bptt_steps:
            return self._overlapping_window(reader)
        return self._separate_windows(reader)

    def _separate_windows(self, reader: UnitReader) -> UpdateLoss | None:
        windows = list(_read_windows(reader, self._update_every, self._bptt_steps))
        if not windows:
            return None
        num_targets = sum(window.num_targets for window in windows)
        num_in_all = self._number_in_all(num_targets)
        nll_sum = 0.0
        for window in windows:
            window_nll, final_state = self._window(
                self._states[0], window, window.mask(), num_in_all
            )
            nll_sum += window_nll
            self._states[0] = final_state
        return UpdateLoss(loss_sum=nll_sum, num_items=num_targets)

    def _overlapping_window(self, reader: UnitReader) -> UpdateLoss | None:
        """Compute the loss of the new targets at the end of an overlapping window."""
        chunk = reader.read(self._update_every)
        if chunk is None:
            return None
        self._chunks.append(chunk)
        if len(self._chunks) > self._bptt_steps // self._update_every:
            self._chunks.popleft()
            self._states.popleft()
        window = _join(self._chunks)
        num_old_steps = window.token_ids.shape[1] - chunk.token_ids.shape[1]
        mask = window.mask()
        mask[:, :num_old_steps] = False
        num_targets = chunk.num_targets
        num_in_all = self._number_in_all(num_targets)
        nll_sum, final_state = self._window(self._states[0], window, mask, num_in_all)
        self._states.append(final_state)
        return UpdateLoss(loss_sum=nll_sum, num_items=num_targets)

    def _number_in_all(self, num_targets: int) -> int:
        """Return the number of targets of all processes."""
        return round(self._world.sum([num_targets])[0])

    def _window(
        self, state: State, window: Batch, mask: Tensor, num_targets: int
    ) -> tuple[float, State]:
        """Compute the forward and backward pass of a window, one part of its rows at a time."""
        if not self._carry_state:
            state = self._model.initial_state(state.batch_size)
        nll_sum, final_states = 0.0, []
        for start, end in _parts(state.batch_size, self._accumulation_steps):
            rows = torch.arange(start, end)
            part = state.select(rows) if self._accumulation_steps > 1 else state
            # Each part has a separate autograd graph, which includes a trained initial state.
            part_nll, final_state = self._part(
                part.reset(window.begins[start:end]),
                window.rows(start, end),
                mask[start:end],
                num_targets,
            )
            nll_sum += part_nll
            final_states.append(final_state)
        return nll_sum, final_states[0].concatenate(final_states[1:])

    def _part(
        self, state: State, window: Batch, mask: Tensor, num_targets: int
    ) -> tuple[float, State]:
        model, device = self._model, self._model.device
        window, mask = window.to(device), mask.to(device)
        with autocast(self._precision, device):
            token_ids = self._input_ids(window, state)
            unmasked = bool(mask.all())
            with recorded_outputs(model) as recorded:
                nll, final_state = model.nll(
                    token_ids, window.target_ids, state, window.lengths, None if unmasked else mask
                )
            total = nll_sum = nll.sum()
            if self._penalty:
                [(outputs, dropped)] = recorded
                total = total + self._penalty(outputs, dropped)[mask].sum()
        (total / num_targets).backward()  # type: ignore[no-untyped-call]
        return float(nll_sum.detach()), final_state.detach()

    def _input_ids(self, window: Batch, state: State) -> TokenIds:
        """Return the ids to read: the true ids, some replaced by samples with free running."""
        if self._free_running_probability == 0.0:
            return window.token_ids
        return free_running_ids(
            self._model,
            window.token_ids,
            state=state,
            lengths=window.lengths,
            probability=self._free_running_probability,
        )

    def mark(self) -> tuple[deque[State], deque[Batch]]:
        """Return the states and windows in memory, for `rewind`; nothing is copied."""
        return self._states.copy(), self._chunks.copy()

    def rewind(self, mark: tuple[deque[State], deque[Batch]]) -> None:
        """Go back to the states and windows that `mark` returned."""
        self._states, self._chunks = mark

    def state_tensors(self) -> dict[str, Tensor]:
        """Return the states and windows in memory as tensors, for a checkpoint.

        With several processes, the first one returns those of the rows of all of them.
        """
        tensors: dict[str, Tensor] = {}
        for index, state in enumerate(self._states):
            tensors[f"bptt.state.{index}.num_tokens"] = state.num_tokens
            for name, tensor in state.tensors.items():
                tensors[f"bptt.state.{index}.tensor.{name}"] = tensor
        for index, chunk in enumerate(self._chunks):
            for name in ("token_ids", "target_ids", "begins", "positions"):
                tensors[f"bptt.chunk.{index}.{name}"] = getattr(chunk, name)
            num_steps = chunk.token_ids.shape[1]
            full = torch.full_like(chunk.positions, num_steps)
            tensors[f"bptt.chunk.{index}.lengths"] = (
                full if chunk.lengths is None else chunk.lengths
            )
        return self._of_all_rows(tensors)

    def _of_all_rows(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Concatenate the tensors of all processes, whose first axis is the batch."""
        if self._world.size == 1:
            return tensors
        parts = self._world.gather({name: tensor.cpu() for name, tensor in tensors.items()})
        return {name: torch.cat([part[name] for part in parts]) for name in tensors if parts}

    def state_values(self) -> Values:
        """Return the number of states and windows in memory."""
        return {"num_states": len(self._states), "num_chunks": len(self._chunks)}

    def load_state(
        self,
        tensors: Mapping[str, Tensor],
        values: Values,
        *,
        rows: tuple[int, int] | None = None,
    ) -> None:
        """Restore the states and windows from `state_tensors` and `state_values`.

        Args:
            tensors: The tensors, of the rows of all processes.
            values: The values.
            rows: Start and end of the rows of this process; all rows when None.
        """
        start, end = (0, None) if rows is None else rows
        own = {
            name: tensor[start:end].clone()
            for name, tensor in tensors.items()
            if name.startswith("bptt.")
        }
        self._states = deque(self._state_from(own, i) for i in range(values["num_states"]))
        self._chunks = deque(_chunk_from(own, i) for i in range(values["num_chunks"]))

    def _state_from(self, tensors: Mapping[str, Tensor], index: int) -> State:
        prefix = f"bptt.state.{index}."
        num_tokens = tensors[f"{prefix}num_tokens"]
        template = self._model.initial_state(len(num_tokens))
        parts = {name: tensors[f"{prefix}tensor.{name}"] for name in template.tensors}
        return replace(template, tensors=parts, num_tokens=num_tokens).to(self._model.device)


def _read_windows(reader: UnitReader, num_steps: int, window_steps: int) -> Iterator[Batch]:
    """Iterate over the windows of one update: as many as fit in `num_steps`."""
    for _ in range(num_steps // window_steps):
        window = reader.read(window_steps)
        if window is None:
            return
        yield window


def _join(chunks: Sequence[Batch]) -> Batch:
    """Concatenate chunks of the same rows; only the last one can be ragged."""
    last = chunks[-1]
    num_before = sum(chunk.token_ids.shape[1] for chunk in list(chunks)[:-1])
    return Batch(
        token_ids=torch.cat([chunk.token_ids for chunk in chunks], dim=1),
        target_ids=torch.cat([chunk.target_ids for chunk in chunks], dim=1),
        lengths=None if last.lengths is None else last.lengths + num_before,
        begins=chunks[0].begins,
        positions=chunks[0].positions,
    )


def _parts(num_rows: int, num_parts: int) -> list[tuple[int, int]]:
    """Split rows into parts of nearly equal size."""
    cuts = [round(num_rows * part / num_parts) for part in range(num_parts + 1)]
    return [(start, end) for start, end in pairwise(cuts) if end > start]


def _chunk_from(tensors: Mapping[str, Tensor], index: int) -> Batch:
    prefix = f"bptt.chunk.{index}."
    token_ids, lengths = tensors[f"{prefix}token_ids"], tensors.get(f"{prefix}lengths")
    if lengths is not None and bool((lengths == token_ids.shape[1]).all()):
        lengths = None
    return Batch(
        token_ids=token_ids,
        target_ids=tensors[f"{prefix}target_ids"],
        lengths=lengths,
        begins=tensors[f"{prefix}begins"],
        positions=tensors[f"{prefix}positions"],
    )
