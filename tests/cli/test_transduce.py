"""`nextword transduce`, end to end on pairs of a string and its copy in capitals."""

import json
import random
from pathlib import Path

import pytest

from cli.caller import Call

TINY = (
    *("--set", "encoder.hidden_size=12", "--set", "encoder.embedding_size=8"),
    *("--set", "decoder.hidden_size=12", "--set", "decoder.embedding_size=8"),
    *("--set", "training.batch_size=16", "--set", "training.epochs=8", "--quiet"),
    *("--set", "optimizer.learning_rate=0.02", "--set", "averaging.decay=0"),
)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = random.Random(1)
    path = tmp_path_factory.mktemp("pairs") / "train.tsv"
    texts = ["".join(generator.choices("abc", k=generator.randint(1, 4))) for _ in range(120)]
    path.write_text("".join(f"{text}\t{text.upper()}\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def run(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from nextword.cli import main

    out = tmp_path_factory.mktemp("runs") / "capitals"
    assert main(["transduce", "train", str(pairs), "--out", str(out), *TINY]) == 0
    return out


def test_transduce_train_json_has_its_keys(cli: Call, pairs: Path, tmp_path: Path) -> None:
    options = (*TINY, "--test", pairs, "--set", "training.max_steps=1", "--json")

    finished = cli("transduce", "train", pairs, "--out", tmp_path / "run", *options)

    value = json.loads(finished.out)
    assert value["task"] == "transduction"
    assert value["test"]["num_items"] == 120
    assert (tmp_path / "run" / "report.html").exists()


def test_transduce_train_without_targets_names_the_line(cli: Call, tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text("a\tb\nno target\n")

    finished = cli("transduce", "train", path, "--out", tmp_path / "run")

    assert finished.code == 2
    assert f"{path}:2 has no tab" in finished.err
    assert not (tmp_path / "run").exists()


def test_transduce_evaluate_json_has_the_keys_of_tasks(cli: Call, run: Path, pairs: Path) -> None:
    value = json.loads(cli("transduce", "evaluate", run, "--text", pairs, "--json").out)

    assert {
        "schema",
        "model",
        "text",
        "num_items",
        "exact_match",
        "error_rate",
        "f1",
        "seconds",
    } <= {*value}
    assert value["num_items"] == 120
    assert value["error_rate"] >= 0.0


def test_transduce_evaluate_beam_of_one_equals_greedy(cli: Call, run: Path, pairs: Path) -> None:
    greedy = json.loads(cli("transduce", "evaluate", run, pairs, "--json").out)
    one = json.loads(
        cli("transduce", "evaluate", run, pairs, "--beam", 1, "--batch-size", 3, "--json").out
    )
    beam = json.loads(cli("transduce", "evaluate", run, pairs, "--beam", 4, "--json").out)

    assert one["exact_match"] == greedy["exact_match"]
    assert one["mean_log_prob"] == pytest.approx(greedy["mean_log_prob"], abs=1e-9)
    assert beam["mean_log_prob"] >= greedy["mean_log_prob"]


def test_transduce_evaluate_out_writes_predictions_and_pictures(
    cli: Call, run: Path, pairs: Path, tmp_path: Path
) -> None:
    finished = cli("transduce", "evaluate", run, pairs, "--out", tmp_path / "eval")

    assert finished.code == 0
    lines = (tmp_path / "eval" / "predictions.tsv").read_text().splitlines()
    assert len(lines) == 120
    assert [len(line.split("\t")) for line in lines] == [4] * 120
    assert (tmp_path / "eval" / "attention-1.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "eval" / "scores.json").read_text())["num_items"] == 120


def test_transduce_predict_keeps_the_lines_of_the_input(cli: Call, run: Path) -> None:
    finished = cli("transduce", "predict", run, stdin=b"ab\n\nc\n\n")

    lines = finished.out.split("\n")
    assert len(lines) == 5
    assert (lines[1], lines[3]) == ("", "")
    assert lines[0]


def test_transduce_predict_n_best_prints_number_score_and_target(cli: Call, run: Path) -> None:
    options = ("--beam", "3", "--n-best", "2")
    rows = [
        line.split("\t")
        for line in cli("transduce", "predict", run, *options, stdin=b"ab\nc\n").out.splitlines()
    ]

    assert [row[0] for row in rows] == ["1", "1", "2", "2"]
    assert float(rows[0][1]) >= float(rows[1][1])


def test_transduce_predict_json_has_a_line_for_each_source(cli: Call, run: Path) -> None:
    finished = cli("transduce", "predict", run, "--json", stdin=b"ab\nc\tignored\n")

    values = [json.loads(line) for line in finished.out.splitlines()]
    assert [value["source"] for value in values] == ["ab", "c"]
    assert {"target", "log_prob", "score", "is_cut"} == {*values[0]["targets"][0]}


def test_transduce_predict_unknown_symbols_are_reported(cli: Call, run: Path) -> None:
    finished = cli("transduce", "predict", run, "--json", stdin=b"ab\naZ\nZZ\n")

    values = [json.loads(line) for line in finished.out.splitlines()]
    assert [value["num_unknown"] for value in values] == [0, 1, 2]
    assert finished.err.count("not in the training data") == 1


def test_transduce_ensemble_averages_models_and_names_a_missing_one(
    cli: Call, run: Path, pairs: Path
) -> None:
    one = json.loads(cli("transduce", "evaluate", run, pairs, "--json").out)
    twice = json.loads(cli("transduce", "evaluate", run, pairs, "--ensemble", run, "--json").out)
    missing = cli("transduce", "predict", run, "--ensemble", "runs/none", stdin=b"ab\n")

    assert twice["exact_match"] == one["exact_match"]
    assert twice["mean_log_prob"] == pytest.approx(one["mean_log_prob"], abs=1e-9)
    assert missing.code == 2
    assert "runs/none" in missing.err


def test_transduce_windows_files_are_read_like_others(
    cli: Call, run: Path, pairs: Path, tmp_path: Path
) -> None:
    windows = tmp_path / "windows.tsv"
    windows.write_bytes(b"\xef\xbb\xbf" + pairs.read_bytes().replace(b"\n", b"\r\n"))
    plain = json.loads(cli("transduce", "evaluate", run, pairs, "--json").out)
    marked = json.loads(cli("transduce", "evaluate", run, windows, "--json").out)

    predicted = [cli("transduce", "predict", run, path).out for path in (pairs, windows)]

    assert predicted[0] == predicted[1]
    for key in ("num_items", "exact_match", "mean_log_prob"):
        assert plain[key] == marked[key]


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_transduce_empty_file_is_refused(
    cli: Call, run: Path, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "empty.tsv"
    path.write_text("")
    rest = {"train": ("--out", tmp_path / "run"), "evaluate": ()}[command]

    finished = cli("transduce", command, *([run] if command == "evaluate" else []), path, *rest)

    assert finished.code == 2
    assert "empty.tsv is empty: it has no pairs" in finished.err
    assert not (tmp_path / "run").exists()


def test_transduce_predict_of_nothing_prints_nothing(cli: Call, run: Path) -> None:
    finished = cli("transduce", "predict", run, stdin=b"")

    assert (finished.code, finished.out) == (0, "")


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_transduce_refuses_a_language_model(
    cli: Call, word_run: Path, pairs: Path, command: str
) -> None:
    finished = cli("transduce", command, word_run, pairs)

    assert finished.code == 2
    assert "language model" in finished.err


@pytest.mark.parametrize("command", ["tag", "classify", "read"])
def test_commands_of_other_tasks_refuse_a_transducer(
    cli: Call, run: Path, pairs: Path, command: str
) -> None:
    finished = cli(command, "predict", run, pairs)

    assert finished.code == 2
    assert "nextword transduce" in finished.err


def test_transduce_predict_n_best_above_the_beam_is_refused(cli: Call, run: Path) -> None:
    finished = cli("transduce", "predict", run, "--n-best", "2", stdin=b"ab\n")

    assert finished.code == 2
    assert "n_best is 2, but beam_size is 1" in finished.err


def test_evaluate_of_a_transducer_names_its_task(cli: Call, run: Path, pairs: Path) -> None:
    finished = cli("evaluate", run, "--text", pairs)

    assert finished.code == 2
    assert "nextword transduce" in finished.err


def test_transduce_fusion_weight_without_a_language_model_is_refused(
    cli: Call, run: Path, pairs: Path
) -> None:
    finished = cli("transduce", "evaluate", run, pairs, "--fusion-weight", 0.9)

    assert finished.code == 2
    assert "--fusion-weight is given without --fusion" in finished.err
