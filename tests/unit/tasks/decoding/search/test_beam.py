"""Search against the enumeration of all targets, and its invariances."""

import pytest
import torch

from nextword.tasks.decoding.search import (
    Hypothesis,
    SearchConfig,
    SearchSources,
    length_divisor,
    search,
)
from nextword.tasks.transduction.data import padded_sources
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tasks.transduction.network.parts import TransducerParts
from tiny_transducer import SOURCES, all_targets, plain_greedy, tiny_batch, tiny_model, tiny_parts

LIMIT = 4


@torch.no_grad()
def find(
    models: list[EncoderDecoder],
    parts: TransducerParts,
    *,
    sources: tuple[str, ...] = SOURCES,
    limit: int = LIMIT,
    with_alignment: bool = False,
    **config: float,
) -> list[list[Hypothesis]]:
    source_ids, lengths = padded_sources([parts.source.encode(s) for s in sources], parts.source)
    limits = torch.full((len(sources),), limit)
    return search(
        SearchSources(
            decoders=[model.decoder for model in models],
            encoded=[model.encode(source_ids, lengths) for model in models],
            limits=limits,
        ),
        config=SearchConfig(**config),
        start_id=2,
        end_id=3,
        banned_ids=(1,),
        with_alignment=with_alignment,
    )


def source_row(parts: TransducerParts, number: int) -> torch.Tensor:
    batch = tiny_batch(parts)
    return batch.source_ids[number, : batch.source_lengths[number]]


@pytest.mark.parametrize("seed", range(4))
def test_search_of_a_beam_of_one_is_greedy(seed: int) -> None:
    parts = tiny_parts(input_feeding=True)
    model = tiny_model(parts, seed=seed)

    found = find([model], parts)

    for number, (best,) in enumerate(found):
        assert best.token_ids == plain_greedy(model, source_row(parts, number), limit=LIMIT)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_search_of_a_wide_beam_finds_the_best_of_all_targets(length_penalty: float) -> None:
    parts = tiny_parts()
    model = tiny_model(parts, seed=1)

    found = find([model], parts, beam_size=40, n_best=40, length_penalty=length_penalty)

    for number, ranked in enumerate(found):
        targets = all_targets(model, source_row(parts, number), limit=LIMIT)
        scores = {
            target: log_prob / length_divisor(len(target) + 1, length_penalty=length_penalty)
            for target, log_prob in targets.items()
        }
        best = max(scores, key=scores.__getitem__)
        assert ranked[0].token_ids == best
        for each in ranked:
            assert each.log_prob == pytest.approx(targets[each.token_ids], abs=1e-9)
            assert each.score == pytest.approx(scores[each.token_ids], abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "config",
    [{}, {"length_penalty": 0.8}, {"coverage_penalty": 0.4}, {"length_penalty": 1.5, "n_best": 2}],
    ids=str,
)
def test_search_of_a_beam_is_never_below_greedy(seed: int, config: dict) -> None:
    parts = tiny_parts(location_width=1)
    models = [tiny_model(parts, seed=seed), tiny_model(parts, seed=seed + 100)]
    for used in (models[:1], models):
        greedy = find(used, parts, limit=9, **config | {"n_best": 1})

        beam = find(used, parts, limit=9, beam_size=2, **config)

        assert all(b[0].score >= g[0].score for b, g in zip(beam, greedy, strict=True))


def test_search_n_best_are_different_and_sorted() -> None:
    parts = tiny_parts()

    found = find([tiny_model(parts)], parts, beam_size=6, n_best=4)

    for ranked in found:
        scores = [each.score for each in ranked]
        assert scores == sorted(scores, reverse=True)
        assert len({each.token_ids for each in ranked}) == len(ranked) <= 4


@pytest.mark.parametrize("beam_size", [1, 3])
def test_search_does_not_depend_on_the_batch(beam_size: int) -> None:
    parts = tiny_parts(input_feeding=True, location_width=1)
    model = tiny_model(parts, seed=2)
    config = {"beam_size": beam_size, "n_best": beam_size, "coverage_penalty": 0.3}

    together = find([model], parts, limit=12, **config)

    for source, ranked in zip(SOURCES, together, strict=True):
        (alone,) = find([model], parts, sources=(source,), limit=12, **config)
        assert [each.token_ids for each in alone] == [each.token_ids for each in ranked]
        assert [each.score for each in alone] == pytest.approx(
            [each.score for each in ranked], abs=1e-9
        )


def test_search_ensemble_of_equal_models_is_one_model() -> None:
    parts = tiny_parts()
    model = tiny_model(parts)

    (one, *_), (three, *_) = find([model], parts), find([model, model, model], parts)

    assert three[0].token_ids == one[0].token_ids
    assert three[0].log_prob == pytest.approx(one[0].log_prob)


def test_search_ensemble_averages_probabilities() -> None:
    parts = tiny_parts()
    models = [tiny_model(parts, seed=seed) for seed in (1, 2)]

    (best,) = find(models, parts, sources=("a",), limit=0)[0]

    ends = [all_targets(model, source_row(parts, 1), limit=0)[()] for model in models]
    mean = torch.tensor(ends).exp().mean().log()
    assert best.log_prob == pytest.approx(float(mean), abs=1e-6)


def test_search_target_at_its_limit_is_cut_and_ended() -> None:
    parts = tiny_parts()
    model = tiny_model(parts)
    with torch.no_grad():
        model.decoder.output.bias[model.decoder.output_ids == 3] = -50.0

    (best,) = find([model], parts, sources=("a",))[0]

    assert best.is_cut
    assert len(best.token_ids) == LIMIT
    assert best.log_prob < -40.0


def test_search_coverage_penalty_counts_source_positions_only() -> None:
    parts = tiny_parts()
    model = tiny_model(parts)

    for ranked in find([model], parts, coverage_penalty=0.5, with_alignment=True):
        best = ranked[0]
        assert best.alignment is not None
        covered = torch.from_numpy(best.alignment).sum(0)
        places = covered[covered > 0].clamp(max=1.0)
        assert best.score == pytest.approx(best.log_prob + 0.5 * float(places.log().sum()))


def test_search_alignment_has_a_row_for_each_token_and_the_end() -> None:
    parts = tiny_parts()

    for number, ranked in enumerate(find([tiny_model(parts)], parts, with_alignment=True)):
        alignment = ranked[0].alignment
        assert alignment is not None
        assert len(alignment) == len(ranked[0].token_ids) + 1
        assert alignment.sum(1) == pytest.approx(1.0)
        assert (alignment[:, len(SOURCES[number]) + 2 :] == 0).all()
