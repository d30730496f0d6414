"""Beam search over a batch of sources at once; greedy search is a beam of one.

Every source keeps `beam_size` rows. In each step the best continuations of its rows are found; an
end token among the best `beam_size` of them finishes a target. A source leaves the batch as soon as
no unfinished row can change its result, so no source depends on the others in the batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.generation import Session
from nextword.tasks.decoding.search.config import SearchConfig
from nextword.tasks.decoding.search.fusion import TargetLanguageModel
from nextword.tasks.decoding.search.hypotheses import History, Hypothesis
from nextword.tasks.decoding.search.ranking import (
    coverage_scores,
    highest_reachable,
    length_divisor,
)
from nextword.tasks.decoding.search.sources import ModelStates, SearchSources
from nextword.tensors import Rows

_NEVER = float("-inf")


@torch.no_grad()
def search(
    sources: SearchSources,
    *,
    config: SearchConfig,
    start_id: int,
    end_id: int,
    banned_ids: Sequence[int] = (),
    language_model: TargetLanguageModel | None = None,
    with_alignment: bool = False,
) -> list[list[Hypothesis]]:
    """Return the best targets of every source, best first.

    A beam of more than one also considers the target of greedy search, so that its best score is
    never below that of greedy search.

    Args:
        sources: The encoded sources, and the decoders.
        config: The settings of the search.
        start_id: Id that the decoder reads first.
        end_id: Id of the token that ends a target.
        banned_ids: Ids that are not in any target.
        language_model: A language model for shallow fusion; none when None.
        with_alignment: Whether to return the attention weights.

    Returns:
        For each source, at least one and at most `n_best` different targets.
    """
    beam = _Beam(
        sources,
        config=config,
        start_id=start_id,
        end_id=end_id,
        banned_ids=banned_ids,
        language_model=language_model,
        with_alignment=with_alignment,
    )
    found = beam.run(beam_size=config.beam_size)
    if config.beam_size > 1:
        greedy = beam.run(beam_size=1)
        found = [_without_repeats(*each) for each in zip(found, greedy, strict=True)]
    return [sorted(each, key=_by_score)[: config.n_best] for each in found]


def _without_repeats(found: list[Hypothesis], greedy: list[Hypothesis]) -> list[Hypothesis]:
    """Return each target once.

    A target that both searches found keeps the score of greedy search: the two can differ by a
    rounding error, because the searches have batches of different sizes.
    """
    by_target = {each.token_ids: each for each in (*found, *greedy)}
    return list(by_target.values())


def _by_score(hypothesis: Hypothesis) -> tuple[float, tuple[int, ...]]:
    return -hypothesis.score, hypothesis.token_ids


@dataclass
class _Rows:
    """The rows of the sources that are still searched, `beam_size` for each source.

    Attributes:
        sources: Index of each source in the batch, (sources).
        totals: Weighted log-probabilities of the rows, (sources, beam).
        log_probs: Log-probabilities of the model, (sources, beam).
        states: The models' states, (sources x beam) rows.
        coverage: Attention weights summed over the steps, (sources x beam, source).
        session: The state of the language model; None without one.
    """

    sources: Int64[Tensor, " sources"]
    totals: Float64[Tensor, "sources beam"]
    log_probs: Float64[Tensor, "sources beam"]
    states: ModelStates
    coverage: Float64[Tensor, "rows source"]
    session: Session | None


@dataclass(frozen=True, kw_only=True)
class _Candidates:
    """The best continuations of every source, best first.

    Attributes:
        totals: Their weighted log-probabilities, (sources, candidates).
        log_probs: Log-probabilities of the model, (sources, candidates).
        rows: The row that each continues, counted over all sources, (sources, candidates).
        token_ids: Their last tokens, (sources, candidates).
    """

    totals: Float64[Tensor, "sources candidates"]
    log_probs: Float64[Tensor, "sources candidates"]
    rows: Int64[Tensor, "sources candidates"]
    token_ids: Int64[Tensor, "sources candidates"]


class _Beam:
    """A search with fixed models and settings; the arguments are those of `search`."""

    def __init__(
        self,
        sources: SearchSources,
        *,
        config: SearchConfig,
        start_id: int,
        end_id: int,
        banned_ids: Sequence[int],
        language_model: TargetLanguageModel | None,
        with_alignment: bool,
    ) -> None:
        self._sources = sources
        self._config = config
        self._start_id = start_id
        self._end_id = end_id
        self._language_model = language_model
        self._with_alignment = with_alignment
        self._output_ids = sources.decoders[0].output_ids
        self._is_end = self._output_ids == end_id
        banned = torch.tensor(list(banned_ids), device=self._output_ids.device)
        self._is_banned = torch.isin(self._output_ids, banned)

    def run(self, *, beam_size: int) -> list[list[Hypothesis]]:
        """Return the finished targets of every source, in no particular order."""
        self._beam_size = beam_size
        self._limits = self._sources.limits
        self._found: list[list[Hypothesis]] = [[] for _ in range(len(self._limits))]
        self._history = History()
        rows = self._start()
        token_ids = torch.full((rows.totals.numel(),), self._start_id, device=rows.totals.device)
        while len(rows.sources):
            candidates = self._step(rows, token_ids)
            rows, token_ids = self._keep(rows, candidates)
        return self._found

    def _start(self) -> _Rows:
        num_sources = len(self._limits)
        device = self._limits.device
        repeated = torch.arange(num_sources, device=device).repeat_interleave(self._beam_size)
        # At first only one row of each source counts: the rows are equal.
        totals = torch.full((num_sources, self._beam_size), _NEVER, device=device).double()
        totals[:, 0] = 0.0
        states = ModelStates.start(self._sources).select(repeated)
        model = self._language_model
        return _Rows(
            sources=torch.arange(num_sources, device=device),
            totals=totals,
            log_probs=torch.zeros_like(totals),
            states=states,
            coverage=torch.zeros(states.is_source.shape, device=device).double(),
            session=None if model is None else model.session(len(repeated)),
        )

    def _step(self, rows: _Rows, token_ids: Int64[Tensor, " rows"]) -> _Candidates:
        """Read the last tokens, and return the best continuations of every source."""
        log_probs, rows.states = rows.states.step(token_ids)
        alignment = rows.states.alignment
        rows.coverage = rows.coverage + alignment
        if self._with_alignment:
            self._history.alignments.append(alignment.cpu().numpy())
        totals = log_probs
        if rows.session is not None and self._language_model is not None:
            fused = self._language_model.log_probs(rows.session, self._output_ids)
            totals = log_probs + self._config.fusion_weight * fused.to(log_probs.device)
        totals = totals.masked_fill(self._is_banned, _NEVER)
        totals = totals.masked_fill(self._is_too_long(rows)[:, None] & ~self._is_end, _NEVER)
        return self._best(rows, totals, log_probs)

    def _is_too_long(self, rows: _Rows) -> Tensor:
        """Return whether each row has the most tokens that it can have, (rows)."""
        is_full = self._limits[rows.sources] <= len(self._history.tokens)
        return is_full.repeat_interleave(self._beam_size)

    def _best(self, rows: _Rows, totals: Tensor, log_probs: Tensor) -> _Candidates:
        num_sources, num_outputs = len(rows.sources), totals.shape[1]
        grown = (rows.totals.view(-1, 1) + totals).view(num_sources, -1)
        best, places = grown.topk(min(2 * self._beam_size, grown.shape[1]), dim=1)
        first_rows = torch.arange(num_sources, device=places.device)[:, None] * self._beam_size
        from_rows = first_rows + places // num_outputs
        outputs = places % num_outputs
        return _Candidates(
            totals=best,
            log_probs=rows.log_probs.view(-1)[from_rows] + log_probs[from_rows, outputs],
            rows=from_rows,
            token_ids=self._output_ids[outputs],
        )

    def _keep(self, rows: _Rows, candidates: _Candidates) -> tuple[_Rows, Int64[Tensor, " rows"]]:
        """Finish targets, drop sources that are done, and return the rows that go on."""
        is_possible = candidates.totals > _NEVER
        is_end = candidates.token_ids == self._end_id
        self._finish(rows, candidates, (is_end & is_possible)[:, : self._beam_size])
        # A stable sort moves the best unfinished candidates to the front, in their order.
        order = (is_end | ~is_possible).to(torch.uint8).argsort(dim=1, stable=True)
        order = order[:, : self._beam_size]
        totals = candidates.totals.masked_fill(is_end, _NEVER).gather(1, order)
        going_on = self._going_on(rows, totals)
        order, totals = order[going_on], totals[going_on]
        parents = candidates.rows[going_on].gather(1, order).view(-1)
        token_ids = candidates.token_ids[going_on].gather(1, order).view(-1)
        self._history.tokens.append(token_ids.cpu().numpy())
        self._history.parents.append(parents.cpu().numpy())
        session = self._advanced(rows.session, parents, token_ids)
        all_go_on = len(going_on) == len(rows.sources)
        kept = _Rows(
            sources=rows.sources[going_on],
            totals=totals,
            log_probs=candidates.log_probs[going_on].gather(1, order),
            states=rows.states.select(parents, is_same_source=all_go_on),
            coverage=rows.coverage[parents],
            session=session,
        )
        return kept, token_ids

    def _advanced(
        self, session: Session | None, parents: Rows, token_ids: Int64[Tensor, " rows"]
    ) -> Session | None:
        if session is not None and self._language_model is not None and len(parents):
            self._language_model.advance(session, rows=parents, token_ids=token_ids)
        return session

    def _finish(self, rows: _Rows, candidates: _Candidates, is_end: Tensor) -> None:
        """Store the targets of candidates that are end tokens."""
        length = len(self._history.tokens) + 1
        divisor = length_divisor(length, length_penalty=self._config.length_penalty)
        penalties = coverage_scores(
            rows.coverage,
            rows.states.is_source,
            coverage_penalty=self._config.coverage_penalty,
        )
        for place, rank in is_end.nonzero().tolist():
            source, row = int(rows.sources[place]), int(candidates.rows[place, rank])
            self._found[source].append(
                Hypothesis(
                    token_ids=self._history.target(row),
                    log_prob=float(candidates.log_probs[place, rank]),
                    score=float(candidates.totals[place, rank]) / divisor + float(penalties[row]),
                    is_cut=length > int(self._limits[source]),
                    alignment=self._history.alignment(row),
                )
            )

    def _going_on(self, rows: _Rows, totals: Float64[Tensor, "sources beam"]) -> Rows:
        """Return the places of the sources that are not done, (places)."""
        highest = totals[:, 0].tolist()
        places = [
            place
            for place, source in enumerate(rows.sources.tolist())
            if not self._is_done(source, highest[place])
        ]
        return torch.tensor(places, dtype=torch.int64, device=totals.device)

    def _is_done(self, source: int, highest_total: float) -> bool:
        """Return whether no unfinished target can change the result of a source."""
        found = self._found[source]
        if highest_total == _NEVER or len(found) >= self._beam_size:
            return True
        n_best = min(self._config.n_best, self._beam_size)
        if len(found) < n_best:
            return False
        worst = sorted((each.score for each in found), reverse=True)[n_best - 1]
        longest = int(self._limits[source]) + 1
        return worst >= highest_reachable(highest_total, longest=longest, config=self._config)
