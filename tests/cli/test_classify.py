"""`nextword classify`: train, evaluate and predict."""

import json
from pathlib import Path

import pytest

from classifiers import made_rows, write_tsv
from cli.caller import Call

SMALL = [
    f"--set={setting}"
    for setting in (
        "encoder.hidden_size=6",
        "encoder.word_embedding_size=5",
        "training.epochs=3",
        "training.batch_size=8",
        "training.device=cpu",
        "ngrams.table_size=999",
        "optimizer.learning_rate=0.02",
    )
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tsv(tmp_path_factory.mktemp("texts") / "train.tsv", made_rows(60))


@pytest.fixture(scope="module")
def run(texts: Path) -> Path:
    from nextword.cli import main

    out = texts.with_name("run")
    arguments = ["classify", "train", str(texts), "--valid", str(texts), "--test", str(texts)]
    assert main([*arguments, "--out", str(out), "--quiet", *SMALL]) == 0
    return out


def test_train_json_has_scores_of_both_parts(cli: Call, texts: Path, tmp_path: Path) -> None:
    options = ("--test", texts, "--out", tmp_path / "run", "--json", "--seed", 3, *SMALL)

    finished = cli("classify", "train", texts, *options)

    assert finished.code == 0
    result = json.loads(finished.out)
    assert result["task"] == "classification"
    assert result["validation"]["num_items"] == 6
    assert result["test"]["num_items"] == 60
    assert (tmp_path / "run" / "report.html").exists()


def test_finished_run_is_reported_again(cli: Call, texts: Path, run: Path) -> None:
    finished = cli("classify", "train", "--out", run, "--resume", "auto", "--json", "--quiet")

    assert finished.code == 0
    assert json.loads(finished.out)["test"]["accuracy"] > 0.9


def test_evaluate_json_has_the_figures_of_the_contract(cli: Call, texts: Path, run: Path) -> None:
    finished = cli("classify", "evaluate", run, "--text", texts, "--json")

    values = json.loads(finished.out)
    assert finished.code == 0
    assert values.keys() >= {
        *("schema", "model", "text", "num_items", "accuracy", "macro_f1", "per_label", "seconds"),
        *("confusion", "calibration", "expected_calibration_error"),
    }
    assert values["accuracy"] > 0.9


def test_evaluate_writes_a_report(cli: Call, texts: Path, run: Path, tmp_path: Path) -> None:
    finished = cli("classify", "evaluate", run, texts, "--out", tmp_path / "report")

    assert finished.code == 0
    assert "calibration error" in finished.out
    assert "background: rgba" in (tmp_path / "report" / "report.html").read_text()


def test_evaluate_reads_other_columns(cli: Call, run: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,grade,remark\n1,pos,a great film\n2,neg,so dull\n")
    columns = ("--text-column", "remark", "--label-column", 2)

    finished = cli("classify", "evaluate", run, path, *columns, "--json")

    assert json.loads(finished.out)["num_items"] == 2


def test_predict_prints_labels_in_the_order_of_the_input(cli: Call, run: Path) -> None:
    finished = cli("classify", "predict", run, stdin=b"great funny\r\n\ndull,\tflat and boring\n")

    lines = [line.split("\t") for line in finished.out.splitlines()]
    assert [line[0] for line in lines][::2] == ["pos", "neg"]
    assert [line[2] for line in lines] == ["great funny", "", "dull, flat and boring"]
    assert all(0.5 <= float(line[1]) <= 1.0 for line in lines)


def test_predict_json_has_every_probability(cli: Call, run: Path, tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "great"}\n{"text": "dull"}\n')

    finished = cli("classify", "predict", run, path, "--json")

    values = [json.loads(line) for line in finished.out.splitlines()]
    assert [each["labels"] for each in values] == [["pos"], ["neg"]]
    assert sum(values[0]["probabilities"].values()) == pytest.approx(1.0, abs=1e-6)


def test_predict_of_nothing_prints_nothing(cli: Call, run: Path) -> None:
    finished = cli("classify", "predict", run)

    assert (finished.code, finished.out) == (0, "")


@pytest.mark.parametrize("command", [("evaluate",), ("predict",)])
def test_commands_refuse_a_language_model(
    command: tuple[str, ...], cli: Call, texts: Path, word_run: Path
) -> None:
    finished = cli("classify", *command, word_run, texts)

    assert finished.code == 2
    assert "contains a language model; a text classifier is needed here" in finished.err


@pytest.mark.parametrize("command", ["evaluate", "next"])
def test_commands_of_language_models_refuse_a_classifier(
    command: str, cli: Call, texts: Path, run: Path
) -> None:
    arguments = ("--text", texts) if command == "evaluate" else ("a film",)

    finished = cli(command, run, *arguments)

    assert finished.code == 2
    assert "contains a text classifier; a language model is needed here" in finished.err
    assert "nextword classify evaluate" in finished.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train",), "no run folder is given"),
        (("train", "--out", "new"), "no training file is named"),
        (("evaluate", "RUN"), "no file is named"),
        (("evaluate", "RUN", "gone.tsv"), "there is no file gone.tsv"),
        (("evaluate", "RUN", "TEXTS", "--label-column", "9"), "there is no column 9"),
        (("evaluate", "RUN", "TEXTS", "--format", "xlsx"), "format"),
        (("predict", "RUN", "TEXTS", "--text-column", "remark"), "has no column 'remark'"),
        (("learn",), "there is no command 'learn'"),
    ],
)
def test_commands_refuse_with_the_reason(
    arguments: tuple[str, ...], message: str, cli: Call, texts: Path, run: Path
) -> None:
    named = {"RUN": str(run), "TEXTS": str(texts)}

    finished = cli("classify", *(named.get(each, each) for each in arguments))

    assert finished.code != 0
    assert message in finished.err
    assert "Traceback" not in finished.err


def test_label_separator_without_several_labels_is_refused(
    cli: Call, texts: Path, tmp_path: Path
) -> None:
    finished = cli(
        "classify", "train", texts, "--out", tmp_path / "run", "--set", "columns.label_separator=|"
    )

    assert finished.code == 2
    assert "columns.label_separator" in finished.err
    assert "classification.multi_label is false" in finished.err
