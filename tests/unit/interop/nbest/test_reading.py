"""N-best files of each format: what is read, what is written back, and what is refused."""

import json
from pathlib import Path

import pytest

from nextword.base import ConfigError, DataError
from nextword.interop.nbest import NbestLists, read_nbest, read_references, write_nbest

TEXTS = {"b1": ["the hen sat", "the men sat", ""], "a-2": ["a ham"]}
SCORES = {"b1": [-1.0, -1.5, -9.0], "a-2": [-2.0]}


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def items() -> list[tuple[str, int, str, float]]:
    return [
        (name, rank, text, SCORES[name][rank - 1])
        for name, texts in TEXTS.items()
        for rank, text in enumerate(texts, start=1)
    ]


def kaldi(folder: Path) -> NbestLists:
    text = write(folder / "text", *(f"{name}-{k} {text}" for name, k, text, _ in items()))
    score = write(folder / "am", *(f"{name}-{k} {score}" for name, k, _, score in items()))
    return read_nbest(text, scores=[score])


def espnet(folder: Path) -> NbestLists:
    for rank in (1, 2, 3):
        rows = [item for item in items() if item[1] == rank]
        best = folder / f"{rank}best_recog"
        write(best / "text", *(f"{name} {text}" for name, _, text, _ in rows))
        write(best / "score", *(f"{name} tensor({score})" for name, _, _, score in rows))
    (folder / "logdir").mkdir()
    return read_nbest(folder)


def icefall(folder: Path) -> NbestLists:
    lines = [f"{name}:\thyp={text.split()}\tscore={score}" for name, _, text, score in items()]
    return read_nbest(write(folder / "recogs.txt", "b1:\tref=['the', 'hen']", *lines))


def plain(folder: Path) -> NbestLists:
    lines = [f"{name}\t{score}\t{text}" for name, _, text, score in items()]
    return read_nbest(write(folder / "nbest.tsv", *lines))


def jsonl(folder: Path) -> NbestLists:
    lines = [
        json.dumps({"id": name, "text": text, "score": score, "speaker": 7})
        for name, _, text, score in items()
    ]
    return read_nbest(write(folder / "nbest.jsonl", *lines))


@pytest.mark.parametrize("read", [kaldi, espnet, icefall, plain, jsonl])
def test_every_format_has_the_same_lists(read: "object", tmp_path: Path) -> None:
    lists = read(tmp_path)  # type: ignore[operator]

    assert lists.format == read.__name__  # type: ignore[attr-defined]
    assert {each.name: [h.text for h in each.hypotheses] for each in lists.utterances} == TEXTS
    assert {
        each.name: [h.scores[0] for h in each.hypotheses] for each in lists.utterances
    } == SCORES
    assert len(lists.score_names) == 1


@pytest.mark.parametrize("read", [kaldi, espnet, icefall, plain, jsonl])
def test_every_format_is_written_as_it_is_read(read: "object", tmp_path: Path) -> None:
    lists = read(tmp_path / "old")  # type: ignore[operator]
    rankings = [
        [(hypothesis, -float(rank)) for rank, hypothesis in enumerate(reversed(each.hypotheses))]
        for each in lists.utterances
    ]

    written = write_nbest(tmp_path / "new", lists, rankings=rankings)

    scores = [path for path in written if lists.format == "kaldi" and path.name == "score"]
    again = read_nbest(tmp_path / "new", scores=scores)
    assert again.format == lists.format
    for old, new in zip(lists.utterances, again.utterances, strict=True):
        assert [each.text for each in new.hypotheses] == [
            each.text for each in reversed(old.hypotheses)
        ]
        assert new.reference == old.reference
    if lists.format == "jsonl":
        first = json.loads((tmp_path / "new").read_text("utf-8").splitlines()[0])
        assert (first["speaker"], first["total"]) == (7, 0.0)
    else:
        assert again.utterances[0].hypotheses[1].scores == (-1.0,)
    with pytest.raises(ConfigError, match="exists already"):
        write_nbest(tmp_path / "new", lists, rankings=rankings)


def test_json_lines_hold_lists_references_and_several_scores(tmp_path: Path) -> None:
    nbest = [
        {"text": "a", "scores": {"am": -1, "lm": -2}},
        {"text": "b", "scores": {"lm": -3, "am": -4}},
    ]
    path = write(tmp_path / "n.jsonl", json.dumps({"id": 5, "reference": "a", "nbest": nbest}))

    lists = read_nbest(path)

    assert lists.score_names == ("am", "lm")
    assert [each.scores for each in lists.utterances[0].hypotheses] == [(-1.0, -2.0), (-4.0, -3.0)]
    assert (lists.utterances[0].name, lists.utterances[0].reference) == ("5", "a")


def test_costs_change_their_sign_and_ranks_order_the_lists(tmp_path: Path) -> None:
    text = write(tmp_path / "text", "u-10 c", "u-2 b", "u-1 a")
    cost = write(tmp_path / "cost", "u-1 1", "u-2 2", "u-10 3")

    lists = read_nbest(tmp_path, scores=[cost], is_cost=True)

    assert [each.text for each in lists.utterances[0].hypotheses] == ["a", "b", "c"]
    assert [each.scores for each in lists.utterances[0].hypotheses] == [(-1.0,), (-2.0,), (-3.0,)]
    assert read_nbest(text).score_names == ()


def test_references_of_both_forms(tmp_path: Path) -> None:
    lines = write(tmp_path / "ref", "u1 the hen", "u2")
    objects = write(tmp_path / "ref.jsonl", '{"id": "u1", "text": "the hen"}')

    assert read_references(lines) == {"u1": "the hen", "u2": ""}
    assert read_references(objects) == {"u1": "the hen"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["u-1 a", "u-1 b"], "line 2: u-1 occurs a second time"),
        (["u-1 a", "v b"], "line 2: 'v' does not end in a hyphen"),
        (["no number"], "the format of .* is unknown"),
        ([], "nbest is empty"),
        (['{"id": 1, "text": "a"}', '{"id": 2, "nbest": []}'], "line 2: nbest is empty"),
        (['{"id": null, "text": "a"}'], "line 1: the id None is neither a name nor a number"),
        (["u:\thyp=['a']", "v:\tref=['a']"], "v has a reference but no hypothesis"),
        (["u\t-1\ta", "u\t-1"], "line 2: there are 2 fields"),
        (["u\t-1\ta", "u\tnan\tb"], "line 2: 'nan' is not a finite number"),
        (["u\t-1\ta", "u\t1e999\tb"], "line 2: '1e999' is not a finite number"),
        (["u:\thyp=['a']", "u:\thyp=[b]"], r"line 2: \[b\] is not a list of words"),
        (["u:\thyp=['a']\tscore=1", "u:\thyp=['b']"], "line 2: some hypotheses have a score"),
        (["u:\thyp=['a']", "u hyp"], "line 2: expected 'utterance:<TAB>ref"),
        (['{"id": 1, "text": "a"}', "{"], "line 2: this is not JSON"),
        (['{"id": 1, "text": "a"}', "[1]"], "line 2: this is not a JSON object"),
        (['{"text": "a"}'], "line 1: the key 'id' is missing"),
        (['{"id": 1, "text": 5}'], "line 1: 5 is not a text of one line"),
        (['{"id": 1, "text": "a", "score": true}'], "line 1: True is not a finite number"),
        (['{"id": 1, "nbest": 5}'], "line 1: nbest is not a list"),
        (['{"id": 1, "nbest": [5]}'], "line 1: a hypothesis is not a JSON object"),
        (
            ['{"id": 1, "text": "a", "score": 1}', '{"id": 1, "text": "b"}'],
            r"line 2: the scores are \[\], but \['score'\] before",
        ),
    ],
)
def test_damaged_files_are_refused(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_nbest(write(tmp_path / "nbest", *lines))


def test_scores_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    text = write(tmp_path / "text", "u-1 a", "u-2 b")

    with pytest.raises(DataError, match="u-2 has no score"):
        read_nbest(text, scores=[write(tmp_path / "short", "u-1 1")])
    with pytest.raises(DataError, match="u-3 has no text"):
        read_nbest(text, scores=[write(tmp_path / "long", "u-1 1", "u-2 1", "u-3 1")])
    with pytest.raises(DataError, match="'x' is not a finite number"):
        read_nbest(text, scores=[write(tmp_path / "word", "u-1 1", "u-2 x")])
    with pytest.raises(ConfigError, match="has its own scores"):
        read_nbest(write(tmp_path / "n.tsv", "u\t1\ta"), scores=[text])


def test_missing_and_other_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file or folder"):
        read_nbest(tmp_path / "absent")
    with pytest.raises(DataError, match="has neither 1best_recog nor text"):
        read_nbest(tmp_path)
    with pytest.raises(ConfigError, match="the format is 'kaldy'"):
        read_nbest(tmp_path, format="kaldy")
    binary = tmp_path / "binary"
    binary.write_bytes(b"u-1 \xff\n")
    with pytest.raises(DataError, match="is not UTF-8 at byte 4"):
        read_nbest(binary)
