"""The network: answers against plain loops, and invariance to padding and other questions."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import nextword as nw
from nextword.base import DataError
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.reading import Item, Reader, Turn, read_items
from nextword.tasks.reading.data import ReadingData
from nextword.tasks.reading.encoded import batch_items, candidate_batch, encode_item
from nextword.tasks.reading.network.answers import CandidateHead, SpanHead, SpanTargets
from nextword.tasks.reading.network.hops import Attended, Encoded, PassageWords
from tiny_reader import tiny_file, tiny_settings

KINDS = ("span", "candidate", "free")


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    """A reader of each kind after two epochs: far from perfect, so that scores differ."""
    folder = tmp_path_factory.mktemp("readers")
    found = {}
    for kind in KINDS:
        path = tiny_file(folder / f"{kind}.jsonl", 60, answer=kind)
        nw.train_reader(str(path), out=folder / kind, settings=tiny_settings(kind))
        found[kind] = nw.load(folder / kind)
    return found


def questions(tmp_path: Path, kind: str) -> list[Item]:
    """Questions about passages of different lengths, with and without a history."""
    path = tiny_file(tmp_path / "questions.jsonl", 12, answer=kind, seed=5)
    items = []
    for number, item in enumerate(read_items([str(path)])):
        values = {
            "passage": " ".join([item.passage] * (1 + number % 4)),
            "question": item.question,
            "answer": item.references[0],
            "history": ["Where is Anna?", {"question": "And he?", "answer": "hall"}][: number % 3],
            "candidates": list(item.candidates[: 2 + number % 2]),
        }
        items.append(json.dumps(values))
    path.write_text("\n".join(items))
    return list(read_items([str(path)]))


@pytest.mark.parametrize("kind", KINDS)
def test_reader_does_not_depend_on_the_batch_and_padding(
    readers: dict[str, Reader], tmp_path: Path, kind: str
) -> None:
    items = questions(tmp_path, kind)

    together = list(readers[kind].read_items(items))
    alone = list(readers[kind].with_search(batch_size=1).read_items(iter(items), read_ahead=1))

    for one, many in zip(alone, together, strict=True):
        assert one.text == many.text
        assert one.log_prob == pytest.approx(many.log_prob, abs=1e-9)
        np.testing.assert_allclose(one.attention, many.attention, atol=1e-9)
        assert one.attention.shape == (2, len(one.words))


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_loss_of_a_batch_is_the_sum_of_its_rows(
    readers: dict[str, Reader], tmp_path: Path, kind: str
) -> None:
    reader = readers[kind]
    path = tiny_file(tmp_path / "questions.jsonl", 9, answer=kind)
    items = list(read_items([str(path)]))
    items[2] = replace(items[2], supporting=())
    data = ReadingData(items, reader.parts, max_length=100)

    whole = reader.model.loss(data.batch(np.arange(9)))
    rows = [reader.model.loss(data.batch(np.array([row]))) for row in range(9)]

    assert float(whole.answers) == pytest.approx(sum(float(row.answers) for row in rows))
    assert float(whole.attention) == pytest.approx(sum(float(row.attention) for row in rows))
    assert float(rows[2].attention) == 0.0
    assert all(float(row.attention) > 0.0 for row in rows[:2])


def random_passage(*lengths: int, size: int = 4) -> tuple[Encoded, Attended]:
    generator = torch.Generator().manual_seed(3)
    width = max(lengths)
    outputs = torch.randn(len(lengths), width, size, generator=generator).double()
    passage = Encoded(
        outputs=outputs, lengths=torch.tensor(lengths), final=torch.zeros(len(lengths), size)
    )
    weights = torch.zeros(len(lengths), 1, width)
    state = torch.randn(len(lengths), size, generator=generator).double()
    places = torch.zeros(len(lengths), width, dtype=torch.int64)
    words = PassageWords(
        places=places, sentences=places, mask=places == 0, embeddings=torch.zeros(*places.shape, 1)
    )
    attended = Attended(
        state=state,
        passage=passage,
        words=words,
        question_weights=weights,
        passage_weights=weights,
    )
    return passage, attended


@pytest.mark.parametrize("max_words", [1, 2, 9])
def test_span_head_finds_the_best_of_all_spans(max_words: int) -> None:
    torch.manual_seed(0)
    head = SpanHead(4, max_words=max_words).double()
    passage, attended = random_passage(1, 6, 9)
    with torch.no_grad():
        first, last = head(passage, attended)

    found = head.find(passage, attended)

    for row, length in enumerate((1, 6, 9)):
        spans = {
            (i, j): float(first[row, i] + last[row, j])
            for i, j in itertools.product(range(length), repeat=2)
            if i <= j < i + max_words
        }
        best = max(spans, key=spans.__getitem__)
        assert (found[row].first, found[row].last) == best
        assert found[row].log_prob == pytest.approx(spans[best])
    total = torch.logsumexp((first[1, :6, None] + last[1, None, :6]).flatten(), 0)
    assert float(total) == pytest.approx(0.0, abs=1e-12)


def test_span_head_loss_adds_up_the_probabilities_of_mentions(
    readers: dict[str, Reader],
) -> None:
    reader = readers["span"]
    head, batcher = reader.model.head, reader.parts.encoder.batcher()
    assert isinstance(head, SpanHead)
    item = Item(passage="Anna is in the hall. The hall is red.", question="Where is Anna?")
    encoded = [encode_item(item, batcher)] * 2
    targets = SpanTargets.of([[(4, 4)], [(4, 4), (6, 7)]])
    batch = batch_items(encoded, batcher, answers=targets)
    with torch.no_grad():
        passage, attended = reader.model(batch)
        first, last = head(passage, attended)

        loss = head.loss(passage, attended, batch=batch)

    one, other = first[0, 4] + last[0, 4], first[0, 6] + last[0, 7]
    assert float(loss) == pytest.approx(-float(one + torch.logaddexp(one, other)))


def test_candidate_head_adds_up_a_score_and_the_mentions(readers: dict[str, Reader]) -> None:
    reader = readers["candidate"]
    head = reader.model.head
    assert isinstance(head, CandidateHead)
    batcher = reader.parts.encoder.batcher()
    item = Item(passage="Anna is in the hall. The hall is red.", question="Where is Anna?")
    encoded = [
        encode_item(item, batcher, candidates=("hall", "attic", "red hall")),
        encode_item(item, batcher, candidates=("garden", "is red")),
    ]
    candidates = candidate_batch(encoded, batcher)
    with torch.no_grad():
        passage, attended = reader.model(batch_items(encoded, batcher))
        log_probs = head(passage, attended, candidates=candidates)
        pointed = (passage.outputs[0] @ head.point(attended.state[0])).exp()
        embeddings = head.embed(head._means(candidates.texts)) @ attended.state[0]

    weights = embeddings[:3].exp()
    weights[0] += pointed[4] + pointed[7]
    torch.testing.assert_close(log_probs[0], (weights / weights.sum()).log())
    assert log_probs[1, 2] == -torch.inf
    assert float(log_probs[1].exp().sum()) == pytest.approx(1.0)


def test_reader_beam_is_never_below_greedy(readers: dict[str, Reader], tmp_path: Path) -> None:
    items = questions(tmp_path, "free")
    greedy = list(readers["free"].read_items(items))

    one = readers["free"].with_search(SearchConfig(beam_size=1)).read_items(items)
    beam = readers["free"].with_search(SearchConfig(beam_size=3)).read_items(items)

    for plain, single, several in zip(greedy, one, beam, strict=True):
        assert single.log_prob == plain.log_prob
        assert several.log_prob >= plain.log_prob


def test_reader_history_changes_the_answer_distribution(readers: dict[str, Reader]) -> None:
    item = Item(passage="Anna is in the hall. Paul is in the attic.", question="Where is he?")
    histories = ((), (Turn(question="Who is Paul?"),), (Turn(question="Who is Anna?"),))

    found = readers["span"].read_items(replace(item, history=history) for history in histories)

    assert len({round(each.log_prob, 9) for each in found}) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_reader_passage_of_5000_words_has_an_answer(readers: dict[str, Reader], kind: str) -> None:
    passage = "Anna is in the hall. " * 900 + "Paul is in the attic."
    item = Item(passage=passage, question="Where is Paul?", candidates=("hall", "attic"))

    (found,) = readers[kind].read_items([item])

    assert len(found.words) == 6 * 901
    assert np.isfinite(found.log_prob)
    assert found.attention.sum(1) == pytest.approx(1.0)


def test_reader_question_without_candidates_is_refused(readers: dict[str, Reader]) -> None:
    with pytest.raises(DataError, match="the question has no candidates"):
        readers["candidate"].read("Anna is in the hall.", "Where is Anna?")
