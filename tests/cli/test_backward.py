"""A backward model at the command line: what works, and what is refused with the reason."""

import json
from pathlib import Path

import pytest

from cli.caller import Call


@pytest.fixture(scope="module")
def backward(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from nextword.cli import main

    run = tmp_path_factory.mktemp("backward") / "run"
    options = ("--recipe", "ngram-5", "--quiet", "--set", "tokenizer.direction=backward")
    assert main(["train", str(corpus), "--out", str(run), *options]) == 0
    return run


def test_evaluate_backward_has_the_counts_of_a_forward_model(
    backward: Path, ngram_run: Path, corpus: Path, cli: Call
) -> None:
    finished = cli("evaluate", ngram_run, backward, "--text", corpus, "--json")

    one, other = json.loads(finished.out)["results"]
    names = ("num_tokens", "num_words", "num_characters", "num_bytes", "unknown_rate")
    assert [one[name] for name in names] == [other[name] for name in names]
    assert "backward" in other["tokenizer"]


def test_audit_of_a_backward_model_passes(backward: Path, cli: Call) -> None:
    assert cli("audit", backward).code == 0


def test_score_backward_scores_every_line_as_a_whole(backward: Path, cli: Call) -> None:
    finished = cli("score", backward, "--json", stdin=b"w1 w2 zebra\n\n")

    scores = [json.loads(line) for line in finished.out.splitlines()]
    assert [(each["text"], each["num_tokens"], each["num_unknown"]) for each in scores] == [
        ("w1 w2 zebra", 4, 1),
        ("", 1, 0),
    ]


@pytest.mark.parametrize("options", [(), ("--complete",)])
def test_next_of_a_backward_model_is_refused(
    backward: Path, cli: Call, options: tuple[str, ...]
) -> None:
    finished = cli("next", backward, "w1", *options)

    assert finished.code == 2
    assert "predicts the previous token, not the next one" in finished.err


def test_generate_backward_unfinished_prompt_is_refused(backward: Path, cli: Call) -> None:
    finished = cli("generate", backward, "--prompt", "w1 w2")

    assert finished.code == 2
    assert "cannot continue the unfinished line 'w1 w2'" in finished.err
    assert finished.out == ""


def test_generate_backward_prints_the_prompt_and_lines(backward: Path, cli: Call) -> None:
    finished = cli("generate", backward, "--prompt", "w1 w2\n", "--max-tokens", 30)

    assert finished.code == 0
    assert finished.out.startswith("w1 w2\n")
    assert len(finished.out.splitlines()) > 1
