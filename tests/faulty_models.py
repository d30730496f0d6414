"""Language models with one planted fault each, made from a right one."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from fakes import HashModel
from nextword.layers import FullSoftmax
from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import VocabularySpec

Result = tuple[LogProbs, State]


class RightModel(HashModel):
    """Nothing planted: its distribution hangs on everything it has read."""

    state_type: type[State] = State

    def __init__(self, seed: int) -> None:
        super().__init__(9 + seed)
        self.weight = torch.zeros((), requires_grad=True)

    def tensors(self) -> dict[str, Tensor]:
        return {"table": self.table}

    def copy(self) -> "RightModel":
        """Give the same model, made of what is saved of this one."""
        copied = type(self)(self.vocab_size - 9)
        copied.table = self.tensors()["table"].to(torch.float32)
        return copied

    def initial_state(self, batch_size: int) -> State:
        memory = {"memory": torch.zeros((), dtype=torch.int64), "trace": torch.zeros(())}
        return self.state_type.fresh(memory, batch_size=batch_size, fingerprint=self.fingerprint)

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        if token_ids.shape[1] == 0:
            return torch.zeros(*token_ids.shape, self.vocab_size), state
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        trace = state.tensors["trace"] + self.weight
        return log_probs, after.after({**after.tensors, "trace": trace}, num_new_tokens=0)


class LeaksFuture(RightModel):
    """What it predicts hangs on the last token of the window."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        _, after = super().next_log_probs(token_ids, state, lengths)
        last = after.tensors["memory"]
        return self.table[(last[:, None] + torch.arange(token_ids.shape[1])) % 100], after


class LeaksInTheMiddle(RightModel):
    """The fourth step of a call sees the eighth, where there are so many."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        if token_ids.shape[1] > 7:
            log_probs = log_probs.clone()
            log_probs[:, 3] = self.table[token_ids[:, 7]]
        return log_probs, after


class Bidirectional(NeuralLanguageModel):
    """The published kind: an LSTM that reads both ways, so it sees the words it predicts."""

    family = "bidirectional"

    def __init__(self, seed: int) -> None:
        super().__init__(VocabularySpec(vocab_size=9, boundary_id=3, start_id=2, never_ids=(0, 2)))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(9, 5)
            self.lstm = nn.LSTM(5, 6, batch_first=True, bidirectional=True)
            self.output = FullSoftmax(12, 9, never_ids=self.never_ids)
        self.double()

    def initial_state(self, batch_size: int) -> State:
        row = {name: torch.zeros(6, dtype=torch.float64) for name in ("hidden", "cell")}
        return State.fresh(row, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Carry the forward state on; the backward one begins at the end of each call."""
        batch_size, num_steps = token_ids.shape
        counts = [num_steps] * batch_size if lengths is None else lengths.tolist()
        outputs = torch.zeros(batch_size, num_steps, 12, dtype=torch.float64)
        hidden, cell = (state.tensors[name].clone() for name in ("hidden", "cell"))
        for row, count in enumerate(counts):
            if count:
                read = self.embedding(token_ids[row : row + 1, :count])
                before = tuple(part[row].expand(2, 1, 6) * _FORWARD for part in (hidden, cell))
                outputs[row, :count], (hidden_after, cell_after) = self.lstm(read, before)
                hidden[row], cell[row] = hidden_after[0, 0], cell_after[0, 0]
        after = {"hidden": hidden, "cell": cell}
        return outputs, state.after(after, num_new_tokens=torch.tensor(counts))


_FORWARD = torch.tensor([1.0, 0.0], dtype=torch.float64)[:, None, None]


class CountsFromTheCall(RightModel):
    """The place in the call decides, not the place in the text."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        places = torch.arange(token_ids.shape[1])[:, None]
        return (log_probs / (1 + places)).log_softmax(-1), after


class ScoresByBatchSize(RightModel):
    """More rows make it less sure."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        return (log_probs / len(token_ids)).log_softmax(-1), after


class SortsBackWrongly(RightModel):
    """Rows are read longest first, and put back by the order that sorted them."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        if lengths is None:
            return super().next_log_probs(token_ids, state)
        order = lengths.argsort(descending=True, stable=True)
        sorted_state = State.select(state, order)
        log_probs, after = super().next_log_probs(token_ids[order], sorted_state, lengths[order])
        return log_probs[order], State.select(after, order)


class AdvancesElsewhere(RightModel):
    """`advance` leads to another state than scoring."""

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        state = super().advance(token_ids, state, lengths)
        return replace(state, num_tokens=state.num_tokens + 1)


class ReadsPadding(RightModel):
    """Steps beyond the length move the state."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        return super().next_log_probs(token_ids, state, None)


class MixesRows(RightModel):
    """What one row reads reaches the others."""

    def step(self, memory: Tensor, token_ids: Tensor) -> Tensor:
        alone = super().step(memory, token_ids)
        return (alone + alone.sum() - alone[0]) % self.num_contexts


class WritesIntoState(RightModel):
    """The state it is handed is changed in place."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> Result:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        state.tensors["memory"].copy_(after.tensors["memory"])
        return log_probs, after


class NormalisesWrongly(RightModel):
    """Probabilities sum to more than one."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.table = self.table + 0.01


class PredictsNever(RightModel):
    """Ids that are never predicted get a share."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.table = self.table.clamp(min=-9.0).log_softmax(-1)


class ScoresHidden(RightModel):
    """The nll ignores the mask."""

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        return super().nll(token_ids, target_ids, state, lengths, None)


class ForgetsReset(RightModel):
    """Reset rows keep what they have read."""

    class state_type(State):
        def reset(self, rows: Tensor) -> State:
            return self


class ResetsByTheFirst(RightModel):
    """Nothing is forgotten where the first row has nothing to forget."""

    class state_type(State):
        def reset(self, rows: Tensor) -> State:
            return self if self.num_tokens[0] == 0 else super().reset(rows)


class ResetsEveryRow(RightModel):
    """A reset reaches the other rows."""

    class state_type(State):
        def reset(self, rows: Tensor) -> State:
            return super().reset(torch.ones_like(self.num_tokens, dtype=torch.bool))


class SelectsOthers(RightModel):
    """Selected rows come in the order in which they stand."""

    class state_type(State):
        def select(self, rows: Tensor) -> State:
            return super().select(rows.sort().values)


class ConcatenatesBackwards(RightModel):
    """The last state's rows come first."""

    class state_type(State):
        def concatenate(self, others: Sequence[State]) -> State:
            return State.concatenate(others[-1], [*others[:-1], self])


class KeepsGraph(RightModel):
    """A detached state still has a graph behind it."""

    class state_type(State):
        def detach(self) -> State:
            return self


class LosesCounts(RightModel):
    """A state read from bytes has forgotten how much it has read."""

    def state_from_bytes(self, data: bytes) -> State:
        state = super().state_from_bytes(data)
        return replace(state, num_tokens=torch.zeros_like(state.num_tokens))


class SavesHalf(RightModel):
    """Weights are saved in half precision."""

    def tensors(self) -> dict[str, Tensor]:
        return {name: part.half() for name, part in super().tensors().items()}


class TakesAnyState(RightModel):
    """All models of the family look the same."""

    def fingerprint(self) -> str:
        return self.family


class TakesDamaged(RightModel):
    """Damaged bytes are taken for a fresh state."""

    def state_from_bytes(self, data: bytes) -> State:
        try:
            return super().state_from_bytes(data)
        except RuntimeError as error:
            if "damaged" in str(error):
                return self.initial_state(1)
            raise
