"""`nextword tag`: train, evaluate and predict, and models of the wrong kind."""

import json
from pathlib import Path

import pytest

from cli.caller import Call
from tagging import name_sentence, write_columns

FAST = (
    *("--set", "encoder.hidden_size=8", "--set", "encoder.word_embedding_size=8"),
    *("--set", "training.batch_size=8", "--set", "optimizer.learning_rate=0.02"),
    *("--set", "training.epochs=5", "--quiet"),
)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of names in IOB1, and a finished run."""
    from nextword.cli import main

    folder = tmp_path_factory.mktemp("names")
    write_columns(folder / "train.txt", make=name_sentence)
    write_columns(folder / "test.txt", make=name_sentence, number=10, seed=2)
    files = [str(folder / "train.txt"), "--valid", str(folder / "test.txt")]
    assert main(["tag", "train", *files, "--out", str(folder / "run"), *FAST]) == 0
    return folder


def test_tag_train_json_ends_with_the_scores(cli: Call, names: Path, tmp_path: Path) -> None:
    train, test = names / "train.txt", names / "test.txt"

    done = cli("tag", "train", train, "--test", test, "--out", tmp_path / "run", "--json", *FAST)

    values = json.loads(done.out)
    assert done.code == 0
    assert values["task"] == "tagging"
    assert values["validation"]["num_sentences"] == 6
    assert values["test"]["f1"] == 1.0
    assert "no validation file is named" in done.err


def test_tag_evaluate_prints_scores(cli: Call, names: Path) -> None:
    done = cli("tag", "evaluate", names / "run", names / "test.txt")

    assert done.code == 0
    assert "span F1             100.00 %" in done.out
    assert "PER" in done.out


def test_tag_evaluate_json_has_the_documented_keys(cli: Call, names: Path, tmp_path: Path) -> None:
    done = cli(
        *("tag", "evaluate", names / "run", "--text", names / "test.txt"),
        *("--json", "--out", tmp_path / "report"),
    )

    values = json.loads(done.out)
    assert values["schema"] == 1
    assert values["model"] == str(names / "run")
    assert values["accuracy"] == values["f1"] == values["precision"] == values["recall"] == 1.0
    assert values["per_label"]["I-PER"]["support"] == 20
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "confusion.json",
        "confusion.png",
        "report.html",
        "scores.json",
    }


def test_tag_evaluate_label_that_training_lacks_counts_as_wrong(
    cli: Call, names: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.txt"
    path.write_text("Ann I-PER\nBob I-PER\nlikes O\nOslo I-CITY\n. O\n\n")

    done = cli("tag", "evaluate", names / "run", path, "--json")

    values = json.loads(done.out)
    assert values["accuracy"] == 0.8
    assert values["new_labels"] == {"I-CITY": 1}


def test_tag_predict_plain_text_from_standard_input(cli: Call, names: Path) -> None:
    done = cli(
        "tag", "predict", names / "run", stdin=b"Ann Bob likes Oslo .\n\nBob Ann sees Rome .\n"
    )

    assert done.out == (
        "Ann\tI-PER\nBob\tI-PER\nlikes\tO\nOslo\tI-LOC\n.\tO\n\n"
        "Bob\tI-PER\nAnn\tI-PER\nsees\tO\nRome\tI-LOC\n.\tO\n\n"
    )


def test_tag_predict_json_has_a_line_for_each_sentence(cli: Call, names: Path) -> None:
    done = cli(
        "tag",
        "predict",
        names / "run",
        "--json",
        "--probabilities",
        stdin=b"Ann Bob likes Oslo .\n",
    )

    values = json.loads(done.out)
    assert values["line"] == 1
    assert [token["label"] for token in values["tokens"]] == [
        *("I-PER", "I-PER", "O", "I-LOC", "O")
    ]
    assert all(0.5 < token["probability"] <= 1.0 for token in values["tokens"])


def test_tag_predict_probabilities_without_json_is_refused(cli: Call, names: Path) -> None:
    done = cli("tag", "predict", names / "run", "--probabilities", stdin=b"Ann likes Oslo .\n")

    assert done.code == 2
    assert "--probabilities is set without --json" in done.err


def test_tag_predict_columns_file_is_unchanged_but_for_the_labels(
    cli: Call, names: Path, tmp_path: Path
) -> None:
    path = tmp_path / "windows.txt"
    content = (
        b"\xef\xbb\xbf-DOCSTART- O\r\n\r\nAnn  ?\r\nBob ?\r\nlikes\t?\r\nOslo ? \r\n. ?\r\n\r\n\r\n"
    )
    path.write_bytes(content)

    done = cli("tag", "predict", names / "run", path, "--format", "columns")

    expected = content.replace(b"Ann  ?", b"Ann  I-PER").replace(b"Bob ?", b"Bob I-PER")
    expected = (
        expected.replace(b"likes\t?", b"likes\tO")
        .replace(b"Oslo ?", b"Oslo I-LOC")
        .replace(b". ?", b". O")
    )
    assert done.out.encode() == expected


def test_tag_predict_keeps_the_input_order(cli: Call, names: Path, tmp_path: Path) -> None:
    sentences = [["Ann"] * (number % 7 + 1) for number in range(3000)]
    path = tmp_path / "many.txt"
    path.write_text("".join(" ".join(each) + "\n" for each in sentences))

    done = cli("tag", "predict", names / "run", path, "--format", "text")

    blocks = done.out.removesuffix("\n\n").split("\n\n")
    assert [len(block.split("\n")) for block in blocks] == [len(each) for each in sentences]


def test_tag_train_ragged_columns_names_the_line(cli: Call, tmp_path: Path) -> None:
    path = tmp_path / "ragged.conll"
    path.write_text("the DET\ncat NOUN\nsees\n\n")

    done = cli("tag", "train", path, "--out", tmp_path / "run")

    assert done.code == 2
    assert f"{path}:3" in done.err
    assert not (tmp_path / "run").exists()


def test_tag_unknown_format_is_refused(cli: Call, names: Path) -> None:
    done = cli("tag", "predict", names / "run", "--format", "conlu", stdin=b"Ann\n")

    assert done.code == 2
    assert "Did you mean 'conllu'?" in done.err


@pytest.mark.parametrize("command", [("evaluate", "--text"), ("score",), ("next",), ("generate",)])
def test_language_model_command_refuses_a_tagger(
    cli: Call, names: Path, command: tuple[str, ...]
) -> None:
    name, *option = command
    arguments = [*option, names / "test.txt"] if option else []
    if name == "next":
        arguments = ["the"]

    done = cli(name, names / "run", *arguments)

    assert done.code != 0
    assert "contains a tagger; a language model is needed here" in done.err
    assert "both directions, so it cannot predict the next word" in done.err
    assert "nextword tag evaluate" in done.err


def test_tag_evaluate_refuses_a_language_model(cli: Call, word_run: Path, names: Path) -> None:
    done = cli("tag", "evaluate", word_run, names / "test.txt")

    assert done.code != 0
    assert "contains a language model; a tagger is needed here" in done.err


def test_tag_train_resume_in_a_run_of_a_language_model_is_refused(
    cli: Call, word_run: Path, names: Path
) -> None:
    done = cli("tag", "train", names / "train.txt", "--out", word_run, "--resume", "auto")

    assert done.code == 2
    assert "contains a run of a language model" in done.err


def test_train_resume_in_a_run_of_a_tagger_is_refused(cli: Call, names: Path) -> None:
    done = cli("train", names / "train.txt", "--out", names / "run", "--resume", "auto")

    assert done.code == 2
    assert "is that of a run of nextword tag train" in done.err


def test_train_with_a_recipe_of_a_task_names_the_command(cli: Call, tmp_path: Path) -> None:
    done = cli("train", "a.txt", "--recipe", "tagger", "--out", tmp_path / "run")

    assert done.code == 2
    assert "Use nextword tag train" in done.err


def test_tag_train_with_a_recipe_of_language_models_is_refused(cli: Call, tmp_path: Path) -> None:
    done = cli("tag", "train", "a.txt", "--recipe", "lstm-small", "--out", tmp_path / "run")

    assert done.code == 2
    assert "the recipe lstm-small is for language models" in done.err


def test_tag_train_with_features_of_a_language_model_is_self_contained(
    cli: Call, names: Path, word_run: Path, tmp_path: Path
) -> None:
    lm, run = tmp_path / "lm", tmp_path / "run"
    lm.symlink_to(word_run)
    files = [names / "train.txt", "--valid", names / "test.txt"]
    fine_tuned = ["--set", "encoder.fine_tune=true", "--set", "encoder.characters=none"]
    done = cli("tag", "train", *files, "--init", lm, "--out", run, *FAST, *fine_tuned)
    lm.unlink()

    again = cli("tag", "evaluate", run, names / "test.txt", "--json")

    assert done.code == again.code == 0
    assert json.loads(again.out)["f1"] > 0.9
