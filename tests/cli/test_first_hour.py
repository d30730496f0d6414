"""What is easily mistaken in the first hour: swapped arguments, numbers, texts, folders."""

from pathlib import Path

import pytest

from cli.caller import Call


@pytest.mark.parametrize(
    ("before", "after", "corrected"),
    [
        (("next", "the old"), (), "next {run} 'the old'"),
        (("generate", "the old"), (), "generate {run} --prompt 'the old'"),
        (("score", "{corpus}"), (), "score {run} {corpus}"),
        (("evaluate", "{corpus}", "--text"), (), "evaluate {run} --text {corpus}"),
        (("inspect", "memory", "{corpus}", "--text"), (), "inspect memory {run} --text {corpus}"),
    ],
)
def test_swapped_arguments_are_recognized(
    cli: Call,
    ngram_run: Path,
    corpus: Path,
    before: tuple[str, ...],
    after: tuple[str, ...],
    corrected: str,
) -> None:
    names = {"run": str(ngram_run), "corpus": str(corpus)}

    finished = cli(*(each.format(**names) for each in before), ngram_run, *after)

    assert finished.code == 2
    assert f"Did you swap the arguments? nextword {corrected.format(**names)}" in finished.err


def test_a_missing_model_alone_is_not_a_swap(cli: Call, corpus: Path) -> None:
    finished = cli("score", "runs/none", corpus)

    assert finished.code == 2
    assert "swap" not in finished.err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("-k", "abc"), "-k is 'abc'; a whole number is expected."),
        (("-k=1.5",), "-k is '1.5'; a whole number is expected."),
    ],
)
def test_option_that_is_not_a_number_is_named(
    cli: Call, ngram_run: Path, arguments: tuple[str, ...], error: str
) -> None:
    finished = cli("next", ngram_run, "the", *arguments)

    assert finished.code == 2
    assert error in finished.err
    assert "Example: -k 5" in finished.err


def test_latin_1_text_is_refused_with_a_command_that_converts_it(
    cli: Call, ngram_run: Path, tmp_path: Path
) -> None:
    path = tmp_path / "latin 1.txt"
    path.write_bytes("un café\n".encode("latin-1"))

    finished = cli("evaluate", ngram_run, "--text", path)

    assert finished.code == 2
    assert f"iconv -f ISO-8859-1 -t UTF-8 '{path}' > NEW" in finished.err


@pytest.mark.parametrize("resume", ["never", "auto"])
def test_folder_of_other_files_is_left_as_it_was(
    cli: Call, corpus: Path, tmp_path: Path, resume: str
) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    finished = cli(
        "train", corpus, "--out", tmp_path, "--recipe", "ngram-2", "--resume", resume, "--quiet"
    )

    assert finished.code == 2
    assert "is not empty" in finished.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_ngram_recipes_of_every_order(cli: Call, corpus: Path, tmp_path: Path) -> None:
    assert "order = 2\n" in cli("recipes", "ngram-2").out

    finished = cli("train", corpus, "--out", tmp_path / "run", "--recipe", "ngram-2", "--quiet")

    assert finished.code == 0, finished.err
    assert "order = 2\n" in (tmp_path / "run" / "config.toml").read_text()


def test_evaluating_the_training_text_is_marked(
    cli: Call, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    part = tmp_path / "part.txt"
    part.write_text("".join(corpus.read_text().splitlines(keepends=True)[:60]))

    assert "the model was trained on this text" in cli("evaluate", ngram_run, "--text", part).out
    assert "trained on" not in cli("evaluate", ngram_run, "--split", "test").out


def test_info_has_a_heading_for_each_text(cli: Call, ngram_run: Path, corpus: Path) -> None:
    lines = cli("info", ngram_run).out.splitlines()

    assert f"scores on {corpus} (validation part)" in lines
    assert f"scores on {corpus} (test part)" in lines


def test_settings_show_what_train_takes_without_a_recipe(cli: Call) -> None:
    shown = cli("settings", "training").out

    assert "without --recipe: chosen by the size of the text (recipe default)" in shown
    assert 'without --recipe: "sgd" (recipe default)' in cli("settings", "optimizer.kind").out
