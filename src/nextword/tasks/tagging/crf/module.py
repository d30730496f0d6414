"""The linear-chain conditional random field as a module. Knows nothing of words or of schemes."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nextword.base import DataError, ShapeError
from nextword.tasks.tagging.crf.chain import Chain, build_chain
from nextword.tasks.tagging.crf.checks import refuse_unusable
from nextword.tasks.tagging.crf.likelihood import log_partition, score_labels
from nextword.tasks.tagging.crf.paths import list_viterbi, viterbi
from nextword.tasks.tagging.crf.sums import compute_sums
from nextword.tensors import Lengths, TokenIds

Emissions = Float[Tensor, "batch time labels"]


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Which label sequences are allowed.

    Attributes:
        starts: Whether a sentence may begin with each label.
        ends: Whether a sentence may end with each label.
        transitions: Whether each label (column) may follow each label (row).
    """

    starts: Bool[Tensor, " labels"]
    ends: Bool[Tensor, " labels"]
    transitions: Bool[Tensor, "labels labels"]


@dataclass(frozen=True, kw_only=True)
class ScoredLabels:
    """A label sequence and its log-probability.

    Attributes:
        label_ids: The id of each label.
        log_prob: Log-probability of the sequence given the emissions, in nats.
    """

    label_ids: tuple[int, ...]
    log_prob: float


class LinearChainCrf(nn.Module):
    r"""Probability of a label sequence, from scores of labels and of pairs of neighbours.

    $\log p(y) = s(y) - \log \sum_{y'} \exp s(y')$ with
    $s(y) = b_{y[1]} + \sum_t e_{y[t]}[t] + \sum_{t>1} A_{y[t-1], y[t]} + f_{y[T]}$. The emissions
    e are outputs of a network; A, b and f are parameters and begin as zeros. A label sequence that
    the constraints forbid has the probability zero.

    Args:
        num_labels: Number of labels, at least 1.
        constraints: Allowed label sequences; all if None. They are not part of the state.

    Attributes:
        transitions: A, (labels, labels).
        starts: b, (labels).
        ends: f, (labels).

    Source: [lafferty2001], [lample2016].

    Example:
        >>> crf = LinearChainCrf(2)
        >>> emissions = torch.tensor([[[1.0, 0.0], [0.0, 3.0]]])
        >>> crf.decode(emissions, torch.tensor([2])).tolist()
        [[0, 1]]
        >>> round(crf.nll(emissions, torch.tensor([[0, 1]]), lengths=torch.tensor([2])).item(), 4)
        0.3618
    """

    _allowed_transitions: Tensor
    _allowed_starts: Tensor
    _allowed_ends: Tensor

    def __init__(self, num_labels: int, *, constraints: Constraints | None = None) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(num_labels, num_labels))
        self.starts = nn.Parameter(torch.zeros(num_labels))
        self.ends = nn.Parameter(torch.zeros(num_labels))
        ones = torch.ones(num_labels, dtype=torch.bool)
        if constraints is None:
            constraints = Constraints(
                starts=ones, ends=ones, transitions=ones.expand(num_labels, -1)
            )
        if len(constraints.starts) != num_labels:
            raise ShapeError(
                f"the constraints are for {len(constraints.starts)} labels, and the CRF has "
                f"{num_labels}."
            )
        for name in ("starts", "ends", "transitions"):
            allowed = getattr(constraints, name).clone()
            self.register_buffer(f"_allowed_{name}", allowed, persistent=False)

    def nll(self, emissions: Emissions, label_ids: TokenIds, *, lengths: Lengths) -> Tensor:
        """Compute the negative log-likelihood of label sequences.

        Args:
            emissions: Score of each label at each position; ignored after the end of a row.
            label_ids: The expected labels; ignored after the end of a row.
            lengths: Number of positions of each row, at least 1.

        Returns:
            (batch), nats, at least 0.

        Raises:
            DataError: The constraints forbid a label sequence.
            ShapeError: The shapes or lengths do not match.
        """
        self._check(emissions, lengths)
        lengths = lengths.to(emissions.device)
        scores = self._scores()
        mask = torch.arange(emissions.shape[1], device=lengths.device) < lengths[:, None]
        label_ids = self._checked_ids(label_ids, mask)
        gold = score_labels(emissions, label_ids, mask=mask, scores=scores)
        if bool((gold == -torch.inf).any()):
            self._refuse_gold(label_ids, lengths)
        total = log_partition(emissions, lengths, scores=scores)
        dtype = torch.promote_types(emissions.dtype, self.transitions.dtype)
        return (total - gold).to(dtype)

    @torch.no_grad()
    def decode(self, emissions: Emissions, lengths: Lengths) -> TokenIds:
        """Find the most probable label sequence of each row.

        Args:
            emissions: Score of each label at each position; ignored after the end of a row.
            lengths: Number of positions of each row, at least 1.

        Returns:
            Label ids; 0 after the end of a row.

        Raises:
            DataError: A score is not finite, or the constraints forbid all label sequences of a
                length.
            ShapeError: The shapes or lengths do not match.
        """
        chain = self._chain(emissions, lengths)
        scores, label_ids = viterbi(chain)
        refuse_unusable(scores[:, 0], chain)
        return _padded(chain.restore(label_ids[..., 0].T), emissions)

    @torch.no_grad()
    def n_best(self, emissions: Emissions, lengths: Lengths, *, n: int) -> list[list[ScoredLabels]]:
        """Find the n most probable label sequences of each row.

        Args:
            emissions: Score of each label at each position; ignored after the end of a row.
            lengths: Number of positions of each row, at least 1.
            n: Number of sequences, at least 1.

        Returns:
            The sequences of each row, most probable first; fewer than n if fewer are allowed.

        Raises:
            DataError: As in `decode`.
            ShapeError: The shapes or lengths do not match.
        """
        chain = self._chain(emissions, lengths)
        scores, label_ids = list_viterbi(chain, n)
        refuse_unusable(scores[:, 0], chain)
        log_probs = chain.restore(scores - compute_sums(chain).log_partition[:, None]).tolist()
        rows = chain.restore(label_ids.permute(1, 2, 0)).tolist()
        return [
            [
                ScoredLabels(label_ids=tuple(path[:length]), log_prob=log_prob)
                for path, log_prob in zip(paths, values, strict=True)
                if log_prob > -torch.inf
            ]
            for paths, values, length in zip(rows, log_probs, lengths.tolist(), strict=True)
        ]

    @torch.no_grad()
    def marginals(self, emissions: Emissions, lengths: Lengths) -> Emissions:
        """Compute the probability of each label at each position, over all label sequences.

        Args:
            emissions: Score of each label at each position; ignored after the end of a row.
            lengths: Number of positions of each row, at least 1.

        Returns:
            Probabilities that sum to 1 at each position; 0 after the end of a row.

        Raises:
            DataError: As in `decode`.
            ShapeError: The shapes or lengths do not match.
        """
        chain = self._chain(emissions, lengths)
        sums = compute_sums(chain)
        refuse_unusable(sums.log_partition, chain)
        labels = sums.counts(torch.ones_like(sums.log_partition)).labels
        return _padded(chain.restore(labels.transpose(0, 1)), emissions).to(emissions.dtype)

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the transition, start and end scores, minus infinity where forbidden."""
        transitions, starts, ends = (
            getattr(self, name).masked_fill(~getattr(self, f"_allowed_{name}"), -torch.inf)
            for name in ("transitions", "starts", "ends")
        )
        return transitions, starts, ends

    def _chain(self, emissions: Tensor, lengths: Tensor) -> Chain:
        self._check(emissions, lengths)
        transitions, starts, ends = self._scores()
        return build_chain(
            emissions,
            transitions=transitions,
            starts=starts,
            ends=ends,
            lengths=lengths.to(emissions.device),
        )

    def _check(self, emissions: Tensor, lengths: Tensor) -> None:
        num_labels = len(self.starts)
        if emissions.shape[2] != num_labels:
            raise ShapeError(
                f"the emissions score {emissions.shape[2]} labels, and the CRF has {num_labels}."
            )
        if len(lengths) == 0:
            raise ShapeError("the batch has no rows.")
        smallest, largest = int(lengths.min()), int(lengths.max())
        if smallest < 1 or largest > emissions.shape[1]:
            raise ShapeError(
                f"the lengths are between {smallest} and {largest}, and must be between 1 and the "
                f"{emissions.shape[1]} positions of the emissions."
            )

    def _checked_ids(self, label_ids: Tensor, mask: Tensor) -> Tensor:
        """Return label ids with 0 after the end of each row."""
        label_ids = label_ids.masked_fill(~mask, 0)
        smallest, largest = int(label_ids.min()), int(label_ids.max())
        if smallest < 0 or largest >= len(self.starts):
            raise ShapeError(
                f"the label ids are between {smallest} and {largest}, and must be between 0 and "
                f"{len(self.starts) - 1}."
            )
        return label_ids

    def _refuse_gold(self, label_ids: Tensor, lengths: Tensor) -> None:
        """Raise an error that names a label or a pair of labels that the constraints forbid."""
        for row, length in enumerate(lengths.tolist()):
            ids = label_ids[row, :length].tolist()
            if not self._allowed_starts[ids[0]]:
                problem = f"label {ids[0]} must not be the first"
            elif not self._allowed_ends[ids[-1]]:
                problem = f"label {ids[-1]} must not be the last"
            else:
                bad = [pair for pair in pairwise(ids) if not self._allowed_transitions[pair]]
                if not bad:
                    continue
                problem = f"label {bad[0][1]} must not follow label {bad[0][0]}"
            raise DataError(
                f"the constraints of the CRF forbid the expected labels of row {row}: {problem}.",
                help="Convert the labels to the scheme of the constraints.",
            )


def _padded(rows: Tensor, emissions: Tensor) -> Tensor:
    """Return (batch, steps, ...) with zeros up to the number of positions of the emissions."""
    missing = emissions.shape[1] - rows.shape[1]
    return torch.cat([rows, rows.new_zeros(len(rows), missing, *rows.shape[2:])], dim=1)
