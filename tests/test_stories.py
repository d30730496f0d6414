"""The made stories of examples/make_stories.py: the same for a seed, with the right answers."""

import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[1] / "examples" / "make_stories.py"


@pytest.fixture(scope="module")
def stories() -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_stories", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_stories"] = module
    spec.loader.exec_module(module)
    return module


def items(stories: ModuleType, mode: str, number: int, **options: object) -> list[dict]:
    found = stories.make_items(mode, random.Random(3), **{"num_sentences": (4, 12), **options})
    return [next(found) for _ in range(number)]


def replay(passage: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Where each person has been, and who has or where lies each object, from the text alone."""
    moves: dict[str, list[str]] = {}
    objects: dict[str, str] = {}
    for sentence in passage.removesuffix(".").split(". "):
        name, *words, last = sentence.split()
        verb = " ".join(words)
        if verb.endswith("to the"):
            moves.setdefault(name, []).append(last)
        elif verb in ("took the", "picked up the", "grabbed the"):
            objects[last] = name
        else:
            assert verb in ("dropped the", "put down the", "left the")
            assert objects[last] == name
            objects[last] = moves[name][-1]
    return moves, objects


def test_two_fact_answers_follow_from_two_sentences(stories: ModuleType) -> None:
    for item in items(stories, "two-fact", 200):
        moves, objects = replay(item["passage"])
        thing = item["question"].removeprefix("Where is the ").removesuffix("?")
        place = objects[thing]
        assert item["answer"] == (moves[place][-1] if place in moves else place)
        sentences = item["passage"].split(". ")
        about, move = (sentences[number - 1] for number in item["supporting"])
        assert thing in about
        assert item["answer"] in move
        assert about.split()[0] == move.split()[0]


def test_conversation_pronouns_refer_to_the_last_person_of_their_kind(stories: ModuleType) -> None:
    found = items(stories, "conversation", 200, only_pronouns=True)
    for item in found:
        asked = [turn["question"] for turn in item["history"]]
        kind = stories.WOMEN if " she " in item["question"][:-1] + " " else stories.MEN
        named = [name for question in asked for name in kind if name in question]
        moves, objects = replay(item["passage"])
        person = named[-1]
        answers = {
            "Where is": moves.get(person, [""])[-1:],
            "Where was": moves.get(person, [""])[-2:-1],
            "What does": [thing for thing, owner in objects.items() if owner == person],
        }
        assert item["answer"] in answers[" ".join(item["question"].split()[:2])]
    assert len({len(item["history"]) for item in found}) == 3


def test_free_answers_are_not_texts_of_the_passage(stories: ModuleType) -> None:
    for item in items(stories, "free", 100):
        assert item["answer"] not in item["passage"]
        assert len(item["supporting"]) == 2


def test_make_stories_is_the_same_for_a_seed_and_longer_in_the_test(tmp_path: Path) -> None:
    def written(folder: str, seed: int) -> dict[str, bytes]:
        options = ["--items", "20", "--held-out", "10", "--seed", str(seed)]
        command = [sys.executable, str(PROGRAM), "two-fact", str(tmp_path / folder), *options]
        subprocess.run(command, check=True)
        return {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}

    first, again, other = written("a", 1), written("b", 1), written("c", 2)

    assert first == again
    assert all(first[name] != other[name] for name in first)
    lengths = {
        name: [json.loads(line)["passage"].count(".") for line in content.splitlines()]
        for name, content in first.items()
    }
    assert [len(lengths[f"{part}.jsonl"]) for part in ("train", "valid", "test")] == [20, 10, 10]
    assert max(lengths["train.jsonl"]) <= 10
    assert min(lengths["test.jsonl"]) >= 11
