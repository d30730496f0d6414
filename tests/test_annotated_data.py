"""The script that writes made-up annotated data: valid files, the same each time, hard enough."""

import csv
import importlib.util
import itertools
import re
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "examples" / "make_annotated_data.py"
PARTS = ("train", "dev", "test")


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_annotated_data", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name.
    sys.modules["make_annotated_data"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("annotated") / "new" / "data"
    load_script().write_data(folder, num_sentences=400, seed=0)
    return folder


def blocks(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n\n")
    return [block.split("\n") for block in text.removesuffix("\n\n").split("\n\n")]


def columns(path: Path) -> list[list[list[str]]]:
    """The sentences of a column file, without the document line."""
    first, *sentences = blocks(path)
    assert first == ["-DOCSTART- -X- O"]
    return [[line.split(" ") for line in sentence] for sentence in sentences]


def reviews(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_main_writes_nine_files_of_the_asked_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["script", str(tmp_path), "--sentences", "8", "--seed", "3"])

    load_script().main()

    expected = {f"{part}.{ending}" for part in PARTS for ending in ("conllu", "conll", "tsv")}
    assert {path.name for path in tmp_path.iterdir()} == expected
    assert [len(columns(tmp_path / f"{part}.conll")) for part in PARTS] == [8, 2, 2]
    assert [len(reviews(tmp_path / f"{part}.tsv")) for part in PARTS] == [8, 2, 2]


def test_main_without_sentences_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["script", str(tmp_path / "data"), "--sentences", "0"])

    with pytest.raises(SystemExit) as caught:
        load_script().main()

    assert caught.value.code == 2
    assert "--sentences is 0; it must be at least 1" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_write_data_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    script = load_script()
    script.write_data(tmp_path / "again", num_sentences=400, seed=0)
    script.write_data(tmp_path / "other", num_sentences=400, seed=1)

    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
        assert (tmp_path / "other" / path.name).read_bytes() != path.read_bytes()


@pytest.mark.parametrize("part", PARTS)
def test_conllu_is_valid_and_its_words_give_its_text(folder: Path, part: str) -> None:
    num_multiword = 0
    for block in blocks(folder / f"{part}.conllu"):
        assert block[0].startswith(f"# sent_id = {part}-")
        rows = [line.split("\t") for line in block[2:]]
        assert {len(row) for row in rows} == {10}
        words = [row for row in rows if "-" not in row[0]]
        assert [int(row[0]) for row in words] == list(range(1, len(words) + 1))
        assert all(re.fullmatch(r"[A-Z]+", row[3]) for row in words)
        ranges = {row[0].split("-")[0]: row for row in rows if "-" in row[0]}
        num_multiword += len(ranges)
        inside = {str(int(number) + 1) for number in ranges}
        tokens = [ranges.get(row[0], row) for row in words if row[0] not in inside]
        text = "".join(row[1] + ("" if "SpaceAfter=No" in row[9] else " ") for row in tokens)
        assert block[1] == f"# text = {text.strip()}"
    assert num_multiword


@pytest.mark.parametrize("part", PARTS)
def test_columns_have_the_words_of_the_conllu_file_and_valid_iob2(folder: Path, part: str) -> None:
    found = columns(folder / f"{part}.conll")

    expected = [
        [line.split("\t") for line in block[2:] if "-" not in line.split("\t")[0]]
        for block in blocks(folder / f"{part}.conllu")
    ]
    assert [[row[:2] for row in sentence] for sentence in found] == [
        [[row[1], row[3]] for row in sentence] for sentence in expected
    ]
    for sentence in found:
        tags = ["O", *(row[2] for row in sentence)]
        for before, tag in itertools.pairwise(tags):
            assert re.fullmatch("O|[BI]-(PER|LOC|ORG)", tag)
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_test_part_has_words_of_every_open_class_that_the_others_lack(folder: Path) -> None:
    known = {
        row[0]
        for part in ("train", "dev")
        for each in columns(folder / f"{part}.conll")
        for row in each
    }

    new = {row[1] for each in columns(folder / "test.conll") for row in each if row[0] not in known}

    assert new == {"PROPN", "NOUN", "VERB", "ADV"}


def test_words_need_the_words_after_them(folder: Path) -> None:
    tags: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    entities: defaultdict[str, set[str]] = defaultdict(set)
    for sentence in columns(folder / "train.conll"):
        tags[tuple(row[0] for row in sentence[:2])].add(sentence[1][1])
        entities[sentence[0][0]].add(sentence[0][2])

    assert tags["The", "patient"] == {"ADJ", "NOUN"}
    assert {"B-LOC", "B-ORG"} in entities.values()


def test_reviews_need_the_order_of_the_words() -> None:
    script = load_script()

    texts = {
        f"Lomuer is {one} , not {other} .": label
        for label, (one, other) in {
            "positive": ("good", "bad"),
            "negative": ("bad", "good"),
        }.items()
    }

    generator = script.random.Random(0)
    lexicon = script.make_lexicons(generator)["train"] | {"NOUN": ["lomuer"]}
    rows = dict(script.make_review(lexicon, generator).strip().split("\t") for _ in range(5000))
    assert {text: rows[text] for text in texts} == texts


@pytest.mark.parametrize("part", PARTS)
def test_reviews_are_rows_of_two_columns_with_both_labels(folder: Path, part: str) -> None:
    rows = reviews(folder / f"{part}.tsv")

    assert {tuple(row) for row in rows} == {("text", "label")}
    assert {row["label"] for row in rows} == {"positive", "negative"}
    assert all(row["text"].endswith(" .") for row in rows)
