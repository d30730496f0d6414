"""A model whose state is reset at each line, for members of a mixture that is not reset there."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from nextword.families.ngram import NgramLanguageModel
from nextword.models import LanguageModel, State, WrappingModel, inner_state, nested
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds

_MODEL, _NUM_READ = "model", "num_read"
#: Reads (token ids, state, lengths, further tensors) and returns values, (batch, time, ...), and
#: the state after them.
_Call = Callable[..., tuple[Tensor, State]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Lines:
    """Lines, or beginnings of rows, that are read in one call.

    Attributes:
        rows: The row that each is in, (lines).
        starts: Step of its first token, (lines).
        sizes: Number of its tokens in the window, (lines).
        is_last: Whether it is the last of its row, (lines).
    """

    rows: Int64[Tensor, " lines"]
    starts: Int64[Tensor, " lines"]
    sizes: Int64[Tensor, " lines"]
    is_last: Bool[Tensor, " lines"]

    def select(self, chosen: Bool[Tensor, " lines"]) -> "_Lines":
        return _Lines(
            rows=self.rows[chosen],
            starts=self.starts[chosen],
            sizes=self.sizes[chosen],
            is_last=self.is_last[chosen],
        )


class LineResetModel(WrappingModel):
    """A model whose state is reset at each line, even if the text is read as one unit.

    A token that ends a line is read as the boundary, from the initial state. The scores are those
    of the model with `reset=line`, so a mixture can carry the states of its other members.

    Args:
        model: The model.
        line_end_ids: Ids of the tokens that end a line.
    """

    def __init__(self, model: LanguageModel, *, line_end_ids: Sequence[int]) -> None:
        super().__init__(model)
        self.line_end_ids = tuple(line_end_ids)
        self.context_size = model.context_size

    def fingerprint(self) -> str:
        """Return a hash of the model's fingerprint and the ids of line ends."""
        content = f"{self.model.fingerprint()} reset after {self.line_end_ids}"
        return hashlib.sha256(content.encode()).hexdigest()

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing."""
        before = self.model.initial_state(1)
        num_read = torch.zeros((), dtype=torch.int64, device=self.device)
        initial = {**nested(_MODEL, before.initial), _NUM_READ: num_read}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""

        def call(ids: TokenIds, before: State, sizes: Lengths | None) -> tuple[Tensor, State]:
            return ids, self.model.advance(ids, before, sizes)

        return self._read(call, token_ids, state, lengths)[1]

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        return self._read(self.model.next_log_probs, token_ids, state, lengths)

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihoods of the targets, in nats."""
        self.check_targets(token_ids, target_ids)

        def call(
            ids: TokenIds, before: State, sizes: Lengths | None, targets: Tensor, *masks: Tensor
        ) -> tuple[Tensor, State]:
            return self.model.nll(ids, targets, before, sizes, *masks)

        others = (target_ids,) if mask is None else (target_ids, mask)
        return self._read(call, token_ids, state, lengths, *others)

    def context_lengths(self, token_ids: TokenIds, state: State) -> Int64[Tensor, "batch time"]:
        """Return the result of `NgramLanguageModel.context_lengths`, with the contexts of lines.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.
        """
        model = self.model
        assert isinstance(model, NgramLanguageModel)

        def call(ids: TokenIds, before: State, sizes: Lengths | None) -> tuple[Tensor, State]:
            return model.context_lengths(ids, before), before

        return self._read(call, token_ids, state, None)[0]

    def _read(
        self,
        call: _Call,
        token_ids: TokenIds,
        state: State,
        lengths: Lengths | None,
        *others: Tensor,
    ) -> tuple[Tensor, State]:
        """Read tokens by a method of the model, and return its values and the state after them.

        Args:
            call: Calls the method.
            token_ids: Ids to read, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.
            *others: Further arguments of the method, (batch, time).
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        inner = inner_state(state, _MODEL, fingerprint=self.model.fingerprint)
        before = replace(inner, num_tokens=state.tensors[_NUM_READ])
        num_steps = token_ids.shape[1]
        sizes = torch.full_like(before.num_tokens, num_steps) if lengths is None else lengths
        parts = self._parts(token_ids, sizes)
        if parts is None:
            values, after = call(token_ids, before, lengths, *others)
        else:
            values, after = self._read_parts(call, parts, (token_ids, *others), before)
        tensors = {**nested(_MODEL, after.tensors), _NUM_READ: after.num_tokens}
        return values, state.after(tensors, num_new_tokens=sizes)

    def _parts(self, token_ids: TokenIds, lengths: Lengths) -> Iterator[_Lines] | None:
        """Return the beginnings of rows, then the lines in groups; None without a line end."""
        ends = torch.tensor(self.line_end_ids, dtype=token_ids.dtype, device=token_ids.device)
        is_valid = torch.arange(token_ids.shape[1], device=lengths.device) < lengths[:, None]
        is_end = torch.isin(token_ids, ends) & is_valid
        has_end = is_end.any(dim=1)
        if not bool(has_end.any()):
            return None
        rows, starts = is_end.nonzero(as_tuple=True)
        is_last = torch.ones_like(rows, dtype=torch.bool)
        is_last[:-1] = rows[1:] != rows[:-1]
        stops = torch.where(is_last, lengths[rows], starts.roll(-1))
        heads = _Lines(
            rows=torch.arange(len(lengths), device=rows.device),
            starts=torch.zeros_like(lengths),
            sizes=torch.where(has_end, is_end.int().argmax(dim=1), lengths),
            is_last=~has_end,
        )
        lines = _Lines(rows=rows, starts=starts, sizes=stops - starts, is_last=is_last)
        return _grouped(heads, lines)

    def _read_parts(
        self, call: _Call, parts: Iterator[_Lines], window: tuple[Tensor, ...], before: State
    ) -> tuple[Tensor, State]:
        """Read the beginnings of rows from their states, and lines from the initial state."""
        values: Tensor | None = None
        states: list[State] = []
        last = torch.zeros_like(before.num_tokens)
        num_rows = 0
        for part in parts:
            is_fresh = bool(states)
            state = self.model.initial_state(len(part.rows)) if is_fresh else before
            width = int(part.sizes.max())
            steps = torch.arange(width, device=part.rows.device)
            is_valid = steps < part.sizes[:, None]
            places = torch.where(is_valid, part.starts[:, None] + steps, 0)
            token_ids, *others = (each[part.rows[:, None], places] for each in window)
            if is_fresh:
                token_ids[:, 0] = self.boundary_id
            if width:
                found, state = call(token_ids, state, part.sizes, *others)
                if values is None:
                    values = found.new_zeros(*window[0].shape, *found.shape[2:])
                at_rows = part.rows[:, None].expand_as(places)[is_valid]
                values[at_rows, places[is_valid]] = found[is_valid]
            numbers = num_rows + torch.arange(len(part.rows), device=part.rows.device)
            last[part.rows[part.is_last]] = numbers[part.is_last]
            num_rows += len(part.rows)
            states.append(state)
        assert values is not None
        return values, states[0].concatenate(states[1:]).select(last)


def with_line_resets(
    members: Sequence[LanguageModel], numbers: Collection[int], *, line_end_ids: Sequence[int]
) -> list[LanguageModel]:
    """Return the members of a mixture, some of them with a reset at each line.

    Args:
        members: The models.
        numbers: Numbers of the models, from 0, that are reset at each line.
        line_end_ids: Ids of the tokens that end a line.
    """
    return [
        LineResetModel(each, line_end_ids=line_end_ids) if number in numbers else each
        for number, each in enumerate(members)
    ]


def ngram_of(member: LanguageModel) -> NgramLanguageModel | None:
    """Return the n-gram model that a member of a mixture is, reset at each line or not; or None."""
    model = member.model if isinstance(member, LineResetModel) else member
    return model if isinstance(model, NgramLanguageModel) else None


def _grouped(heads: _Lines, lines: _Lines) -> Iterator[_Lines]:
    """Yield the beginnings, then lines of similar sizes, so that at most half is padding."""
    yield heads
    widths = lines.sizes.double().log2().long()
    for width in sorted(set(widths.tolist())):
        yield lines.select(widths == width)
