"""The mixture of several language models: one distribution from those of its members."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import MismatchError, Values, require
from nextword.families.mixture.line_reset import LineResetModel, ngram_of
from nextword.families.ngram import NgramLanguageModel
from nextword.models import LanguageModel, State, inner_state, nested, scored
from nextword.tensors import Lengths, LogProbs, Mask, Nll, TokenIds


@dataclass(frozen=True, kw_only=True, eq=False)
class MemberScores:
    """What the members of a mixture predict, before they are mixed.

    Attributes:
        log_probs: Log-probabilities by each member in nats: of the targets, (members, batch, time),
            or of all tokens, (members, batch, time, vocab).
        buckets: The row of weights at each position, (batch, time).
        precision: The dtype of the least precise member, which is that of the mixture's scores.
    """

    log_probs: Float[Tensor, "members batch time *vocab"]
    buckets: Int64[Tensor, "batch time"]
    precision: torch.dtype


class MixtureLanguageModel(LanguageModel, nn.Module):
    """Several models whose tokenizers are equal, interpolated at every position.

    Linear: p(w) is the sum of weight m times p_m(w). Log-linear: p(w) is proportional to the
    product of p_m(w) to the power of weight m, normalized over the vocabulary.

    Args:
        members: The models.
        method: `linear` or `log-linear`.
        weights: One weight for each member, in one row for each bucket; see `MixtureConfig`.

    Raises:
        MismatchError: The vocabularies differ.
        ConfigError: There are several rows of weights, but no n-gram model.

    Source: [jelinek1980] (linear), [klakow1998] (log-linear).
    """

    family = "mixture"

    def __init__(
        self,
        members: Sequence[LanguageModel],
        *,
        method: Literal["linear", "log-linear"] = "linear",
        weights: Sequence[Sequence[float]],
    ) -> None:
        super().__init__()
        _check_vocabularies(members)
        self.members = tuple(members)
        # Only modules among the members move to a device and have an evaluation mode.
        self._networks = nn.ModuleList(each for each in members if isinstance(each, nn.Module))
        self.method = method
        self.weights = tuple(tuple(float(weight) for weight in row) for row in weights)
        self.vocab_size = members[0].vocab_size
        self.boundary_id = members[0].boundary_id
        self.never_ids = members[0].never_ids
        self.builds_distributions = method == "log-linear" or any(
            each.builds_distributions for each in members
        )
        sizes = [each.context_size for each in members]
        self.context_size = None if None in sizes else max(size or 0 for size in sizes)
        self._ngram_place = next(
            (place for place, each in enumerate(members) if ngram_of(each) is not None), None
        )
        require(
            len(self.weights) == 1 or self._ngram_place is not None,
            "the weights depend on the context that an n-gram model knows, but no member is one.",
        )

    @property
    def device(self) -> torch.device:
        """The device of the networks among the members; the CPU if there are none."""
        devices = [each.device for each in self.members]
        return next((device for device in devices if device.type != "cpu"), torch.device("cpu"))

    @property
    def num_parameters(self) -> int:
        """Number of trained parameters of all members, and of weights."""
        return sum(each.num_parameters for each in self.members) + sum(map(len, self.weights))

    @property
    def details(self) -> Values:
        """The number of members and of rows of weights."""
        return {"members": len(self.members), "buckets": len(self.weights)}

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of all members, with the number of the member in front."""
        named = (nested(str(number), each.tensors()) for number, each in enumerate(self.members))
        return {name: tensor for tensors in named for name, tensor in tensors.items()}

    def fingerprint(self) -> str:
        """Return a hash of the members' fingerprints, the method and the weights."""
        members = [each.fingerprint() for each in self.members]
        content = repr((self.family, members, self.method, self.weights))
        return hashlib.sha256(content.encode()).hexdigest()

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing: the initial states of all members."""
        initial: dict[str, Tensor] = {}
        for number, member in enumerate(self.members):
            initial |= nested(str(number), member.initial_state(1).to(self.device).initial)
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        self.check_inputs(token_ids, state, lengths=lengths)
        return self._joined(
            [
                member.advance(*_placed(member, token_ids, before, lengths))
                for member, before in self._parts(state)
            ],
            state,
        )

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        scores, after = self.member_log_probs(token_ids, state, lengths=lengths)
        return self.mixed(scores).to(scores.precision), after

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihoods of the targets, in nats."""
        if self.method == "log-linear":
            return super().nll(token_ids, target_ids, state, lengths, mask)
        scores, after = self.member_nll(token_ids, target_ids, state=state, lengths=lengths)
        nll = -torch.logsumexp(self._weights(scores).log() + scores.log_probs, dim=0)
        counted = scored(target_ids, lengths, mask=mask)
        return torch.where(counted, nll, torch.zeros_like(nll)).to(scores.precision), after

    def mixed(self, scores: MemberScores) -> LogProbs:
        """Return the log-probabilities of all tokens, (batch, time, vocab), in nats.

        Args:
            scores: The result of `member_log_probs`.
        """
        weights = self._weights(scores)[..., None]
        if self.method == "linear":
            return torch.logsumexp(weights.log() + scores.log_probs, dim=0)
        # 0 times -inf is not a number, but a member without weight has no say.
        powers = torch.where(weights > 0, weights * scores.log_probs, 0.0)
        powers[..., list(self.never_ids)] = -torch.inf
        return torch.log_softmax(powers.sum(dim=0), dim=-1)

    def member_log_probs(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None = None
    ) -> tuple[MemberScores, State]:
        """Read tokens and return each member's log-probabilities of all next tokens.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        results = [
            member.next_log_probs(*_placed(member, token_ids, before, lengths))
            for member, before in self._parts(state)
        ]
        return self._scores(results, token_ids, state)

    def member_nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        *,
        state: State,
        lengths: Lengths | None = None,
    ) -> tuple[MemberScores, State]:
        """Read tokens and return each member's log-probability of the target after each.

        Args:
            token_ids: Ids to read, (batch, time).
            target_ids: The id that follows each, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.

        Returns:
            The scores, 0 beyond `lengths`, and the state after reading.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        self.check_targets(token_ids, target_ids)
        results = []
        for member, before in self._parts(state):
            ids, part, valid = _placed(member, token_ids, before, lengths)
            nll, after = member.nll(ids, target_ids.to(member.device), part, valid)
            results.append((-nll, after))
        return self._scores(results, token_ids, state)

    def _parts(self, state: State) -> list[tuple[LanguageModel, State]]:
        return [
            (member, inner_state(state, str(number), fingerprint=member.fingerprint))
            for number, member in enumerate(self.members)
        ]

    def _scores(
        self, results: Sequence[tuple[Tensor, State]], token_ids: TokenIds, state: State
    ) -> tuple[MemberScores, State]:
        dtypes = sorted((each.dtype for each, _ in results), key=lambda dtype: dtype.itemsize)
        stacked = torch.stack([each.to(self.device, dtypes[-1]) for each, _ in results])
        scores = MemberScores(
            log_probs=stacked, buckets=self._buckets(token_ids, state), precision=dtypes[0]
        )
        return scores, self._joined([after for _, after in results], state)

    def _joined(self, parts: Sequence[State], state: State) -> State:
        """Return the state of the mixture after reading, from those of its members."""
        tensors: dict[str, Tensor] = {}
        for number, part in enumerate(parts):
            tensors |= nested(str(number), part.to(self.device).tensors)
        return replace(state, tensors=tensors, num_tokens=parts[0].num_tokens.to(self.device))

    def _buckets(self, token_ids: TokenIds, state: State) -> Int64[Tensor, "batch time"]:
        """Return the row of weights that holds at each position, (batch, time)."""
        if self._ngram_place is None or len(self.weights) == 1:
            return torch.zeros_like(token_ids)
        ngram = self.members[self._ngram_place]
        assert isinstance(ngram, NgramLanguageModel | LineResetModel)
        part = inner_state(state, str(self._ngram_place), fingerprint=ngram.fingerprint).to("cpu")
        known = ngram.context_lengths(token_ids.cpu(), part).to(token_ids.device)
        return known.clamp(1, len(self.weights)) - 1

    def _weights(self, scores: MemberScores) -> Float[Tensor, "members batch time"]:
        like = scores.log_probs
        table = torch.tensor(self.weights, dtype=like.dtype, device=like.device)
        return table[scores.buckets].movedim(-1, 0)


def _placed(
    member: LanguageModel, token_ids: TokenIds, state: State, lengths: Lengths | None
) -> tuple[TokenIds, State, Lengths | None]:
    """Return the arguments of a member's methods on its device."""
    device = member.device
    placed = None if lengths is None else lengths.to(device)
    return token_ids.to(device), state.to(device), placed


def _check_vocabularies(members: Sequence[LanguageModel]) -> None:
    described = [(each.vocab_size, each.boundary_id, each.never_ids) for each in members]
    require(len(members) >= 2, f"a mixture of {len(members)} models is asked for; give at least 2.")
    if len(set(described)) > 1:
        raise MismatchError(
            f"the models have vocabularies of {', '.join(str(size) for size, *_ in described)} "
            "tokens, or other special ids; a mixture adds probabilities of the same tokens.",
            help="Mix models with the same tokenizer.",
        )
