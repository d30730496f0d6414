"""`nextword read`, end to end on tiny stories."""

import json
from pathlib import Path

import pytest

from cli.caller import Call
from tiny_reader import TINY, tiny_file

SETTINGS = [
    text
    for section, values in TINY.items()
    if section != "decoder"
    for name, value in values.items()
    for text in ("--set", f"{section}.{name}={value}")
]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_file(tmp_path_factory.mktemp("stories") / "train.jsonl", 60)


@pytest.fixture(scope="module")
def run(stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from nextword.cli import main

    out = tmp_path_factory.mktemp("runs") / "stories"
    assert main(["read", "train", str(stories), "--out", str(out), *SETTINGS, "--quiet"]) == 0
    return out


def test_read_train_json_has_its_keys(cli: Call, stories: Path, tmp_path: Path) -> None:
    options = (*SETTINGS, "--test", stories, "--set", "training.max_steps=1", "--json", "--quiet")

    finished = cli("read", "train", stories, "--out", tmp_path / "run", *options)

    value = json.loads(finished.out)
    assert value["task"] == "reading"
    assert value["num_questions_seen"] == 16
    assert value["test"]["num_items"] == 60
    assert (tmp_path / "run" / "report.html").exists()


def test_read_train_without_answers_names_the_line(cli: Call, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"passage": "a", "question": "b", "answer": "a"}\n{"passage": "a"}\n')

    finished = cli("read", "train", path, "--out", tmp_path / "run")

    assert finished.code == 2
    assert f"{path}:2 has no key 'question'" in finished.err
    assert not (tmp_path / "run").exists()


def test_read_evaluate_json_has_the_keys_of_tasks(cli: Call, run: Path, stories: Path) -> None:
    value = json.loads(cli("read", "evaluate", run, "--text", stories, "--json").out)

    assert value["schema"] == 1
    assert value["model"] == str(run)
    assert value["text"] == str(stories)
    assert value["num_items"] == 60
    assert value["error_rate"] == pytest.approx(1 - value["exact_match"])
    assert {"f1", "seconds", "question_only_exact_match", "last_mention_exact_match"} <= {*value}


def test_read_evaluate_withhold_history_says_so(cli: Call, run: Path, stories: Path) -> None:
    finished = cli("read", "evaluate", run, stories, "--withhold-history", "--quiet")

    assert finished.code == 0
    assert "60, asked without their history" in finished.out
    assert "exact match without the passage" in finished.out


def test_read_evaluate_out_writes_predictions_and_a_report(
    cli: Call, run: Path, stories: Path, tmp_path: Path
) -> None:
    finished = cli("read", "evaluate", run, stories, "--out", tmp_path / "eval")

    assert finished.code == 0
    lines = (tmp_path / "eval" / "predictions.tsv").read_text().splitlines()
    assert [len(line.split("\t")) for line in lines] == [5] * 60
    page = (tmp_path / "eval" / "report.html").read_text()
    assert "<b>Hop 1</b>" in page
    assert "supporting sentences" in page
    assert (tmp_path / "eval" / "attention.png").exists()
    assert json.loads((tmp_path / "eval" / "scores.json").read_text())["num_items"] == 60


def test_read_predict_answers_in_order_from_standard_input(cli: Call, run: Path) -> None:
    story = {"passage": "Anna is in the hall. Paul is in the attic."}
    lines = [{**story, "question": f"Where is {name}?", "id": name} for name in ("Anna", "Paul")]
    stdin = "".join(json.dumps(line) + "\n" for line in lines).encode()

    plain = cli("read", "predict", run, stdin=stdin)
    values = [
        json.loads(line)
        for line in cli("read", "predict", run, "--json", stdin=stdin).out.splitlines()
    ]

    assert [value["id"] for value in values] == ["Anna", "Paul"]
    assert [value["answer"] for value in values] == plain.out.splitlines()
    for value in values:
        first, end = value["span"]
        assert story["passage"][first:end] == value["answer"]
        assert [sum(shares) for shares in value["attention"]] == pytest.approx([1.0, 1.0])


def test_read_predict_of_nothing_prints_nothing(cli: Call, run: Path) -> None:
    finished = cli("read", "predict", run, stdin=b"")

    assert (finished.code, finished.out) == (0, "")


def test_read_predict_does_not_depend_on_the_batch(cli: Call, run: Path, stories: Path) -> None:
    def answers(batch_size: int) -> list[dict]:
        options = ("--batch-size", batch_size, "--json")
        return [
            json.loads(x)
            for x in cli("read", "predict", run, stories, *options).out.split("\n")[:-1]
        ]

    for one, many in zip(answers(1), answers(64), strict=True):
        assert one["answer"] == many["answer"]
        assert one["log_prob"] == pytest.approx(many["log_prob"], abs=1e-9)


def test_read_windows_files_are_read_like_others(
    cli: Call, run: Path, stories: Path, tmp_path: Path
) -> None:
    windows = tmp_path / "windows.jsonl"
    windows.write_bytes(b"\xef\xbb\xbf" + stories.read_bytes().replace(b"\n", b"\r\n"))

    predicted = [cli("read", "predict", run, path).out for path in (stories, windows)]

    assert predicted[0] == predicted[1]
    assert len(predicted[0].splitlines()) == 60


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_read_empty_file_is_refused(cli: Call, run: Path, tmp_path: Path, command: str) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    rest = {"train": ("--out", tmp_path / "run"), "evaluate": ()}[command]

    finished = cli("read", command, *([run] if command == "evaluate" else []), path, *rest)

    assert finished.code == 2
    assert "empty.jsonl is empty: it has no questions" in finished.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_read_refuses_a_language_model(
    cli: Call, word_run: Path, stories: Path, command: str
) -> None:
    finished = cli("read", command, word_run, stories)

    assert finished.code == 2
    assert "language model" in finished.err


def test_read_evaluate_answer_that_no_passage_has_counts_as_wrong(
    cli: Call, run: Path, stories: Path, tmp_path: Path
) -> None:
    line = json.loads(stories.read_text().splitlines()[0])
    path = tmp_path / "other.jsonl"
    path.write_text(json.dumps({**line, "answer": "nowhere"}))

    value = json.loads(cli("read", "evaluate", run, path, "--json").out)

    assert (value["exact_match"], value["num_unreachable"]) == (0.0, 1)


def test_read_predict_beam_of_spans_is_refused(cli: Call, run: Path) -> None:
    finished = cli("read", "predict", run, "--beam", "3", stdin=b"")

    assert finished.code == 2
    assert "a beam is for written answers" in finished.err


def test_other_commands_name_the_task_of_a_reader(cli: Call, run: Path, stories: Path) -> None:
    for command in (("evaluate", run, "--text", stories), ("tag", "evaluate", run, stories)):
        finished = cli(*command)
        assert finished.code == 2
        assert "nextword read" in finished.err


def test_info_describes_a_reader(cli: Call, run: Path) -> None:
    shown = cli("info", run)

    assert shown.code == 0
    assert "reading" in shown.out
    assert "question only" in shown.out
