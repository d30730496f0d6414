"""Copying: the mixture against plain loops, in training and in a search."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from nextword.base import ConfigError
from nextword.tasks.decoding import CopyGate, DecoderConfig, Symbols, TargetConfig
from nextword.tasks.decoding.search import SearchConfig, SearchSources, search
from nextword.tasks.transduction.data import padded_sources
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tasks.transduction.network.parts import TransducerParts
from tiny_transducer import SOURCES, all_targets, plain_greedy, tiny_batch, tiny_model, tiny_parts

#: Targets over x, y and the symbols a and c of the sources; b is unknown.
TEXTS = ("axy", "cx", "xyxya", "y", "c")


def copying_model(**decoder: object) -> tuple[TransducerParts, EncoderDecoder]:
    parts = tiny_parts(seed_texts=TEXTS, copy=True, **decoder)
    return parts, tiny_model(parts, seed=1)


@torch.no_grad()
def test_copy_gate_equals_a_loop_over_positions_and_sums_to_one() -> None:
    torch.manual_seed(0)
    gate = CopyGate(3).double()
    vectors, logits = torch.randn(4, 3).double(), torch.randn(4, 5).double()
    weights = torch.softmax(torch.randn(4, 6).double(), dim=1)
    copies = torch.randint(5, (4, 6))

    probs = gate(vectors, logits, weights=weights, copies=copies).exp()

    for row in range(4):
        share = float(torch.sigmoid(gate.gate(vectors[row])))
        expected = share * functional.softmax(logits[row], dim=0)
        for place in range(6):
            expected[copies[row, place]] += (1.0 - share) * weights[row, place]
        torch.testing.assert_close(probs[row], expected)
        assert float(probs[row].sum()) == pytest.approx(1.0, abs=1e-12)


def test_copy_gate_has_finite_gradients_where_nothing_is_copied() -> None:
    gate = CopyGate(2)
    weights = torch.tensor([[1.0, 0.0]], requires_grad=True)
    vectors = torch.full((1, 2), 1e4, requires_grad=True)

    log_probs = gate(vectors, torch.zeros(1, 3), weights=weights, copies=torch.tensor([[0, 1]]))
    log_probs.sum().backward()

    assert torch.isfinite(log_probs).all()
    assert torch.isfinite(weights.grad).all()
    assert torch.isfinite(vectors.grad).all()


@torch.no_grad()
@pytest.mark.parametrize("decoder", [{}, {"input_feeding": True}, {"location_width": 1}], ids=str)
def test_decoder_copies_are_those_of_a_loop_over_unpadded_rows(decoder: dict) -> None:
    parts, model = copying_model(**decoder)
    source, target = parts.source.tokenizer, parts.target.tokenizer
    batch = tiny_batch(parts)
    total = 0.0
    for row in range(len(SOURCES)):
        source_ids = batch.source_ids[row, : batch.source_lengths[row]]
        memory, state = model.encode(source_ids[None], torch.tensor([len(source_ids)]))
        targets = batch.targets.target_ids[row, : batch.targets.lengths[row]]
        inputs = batch.targets.input_ids[row, : batch.targets.lengths[row]]
        for last, wanted in zip(inputs, targets.tolist(), strict=True):
            _, state = model.decoder.step(last[None], state, memory=memory)
            share = float(torch.sigmoid(model.decoder.copy_gate.gate(state.attentional)))
            vocabulary = functional.softmax(model.decoder.output(state.attentional)[0], dim=0)
            prob = share * float(vocabulary[model.decoder.output_rows[wanted]])
            for place, source_id in enumerate(source_ids.tolist()):
                is_same = source.token_text(source_id) == target.token_text(wanted)
                prob += (1.0 - share) * float(state.alignment[0, place]) * is_same
            total -= float(torch.log(torch.tensor(prob, dtype=torch.float64)))

    assert float(model.loss(batch).nll_sum) == pytest.approx(total, abs=1e-9)


@torch.no_grad()
def test_search_with_copying_is_greedy_and_finds_the_best_of_all() -> None:
    parts, model = copying_model()
    source_ids, lengths = padded_sources([parts.source.encode(s) for s in SOURCES], parts.source)

    def found(beam_size: int) -> list:
        sources = SearchSources(
            decoders=[model.decoder],
            encoded=[model.encode(source_ids, lengths)],
            limits=torch.full((len(SOURCES),), 2),
        )
        config = SearchConfig(beam_size=beam_size)
        return search(sources, config=config, start_id=2, end_id=3, banned_ids=(1,))

    greedy, wide = found(1), found(30)

    for row, length in enumerate(lengths.tolist()):
        source = source_ids[row, :length]
        targets = all_targets(model, source, limit=2)
        assert greedy[row][0].token_ids == plain_greedy(model, source, limit=2)
        assert greedy[row][0].log_prob == pytest.approx(targets[greedy[row][0].token_ids])
        assert wide[row][0].log_prob == pytest.approx(max(targets.values()), abs=1e-9)


def test_copying_without_attention_or_equal_kinds_is_refused() -> None:
    with pytest.raises(ConfigError, match="copy is True, but attention is 'none'"):
        DecoderConfig(attention="none", copy=True)
    parts = tiny_parts(copy=True)
    words = Symbols.learn(TargetConfig(kind="word"), ("x y",))
    with pytest.raises(ConfigError, match=r"source.kind is 'character' and target.kind is 'word'"):
        replace(parts, target=words).build()


def test_symbols_ids_of_unknown_symbols_are_the_unknown_id() -> None:
    symbols = tiny_parts(seed_texts=TEXTS).target

    found = symbols.ids_of(["x", "b", "y"])

    assert found.tolist() == [
        *symbols.encode("x"),
        symbols.tokenizer.unknown_id,
        *symbols.encode("y"),
    ]
