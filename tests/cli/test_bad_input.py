"""Wrong input gives one clear line, a way to mend it, exit code 2 and nothing left behind."""

import json
import shutil
from pathlib import Path

import pytest

from cli.caller import Call, Finished


def refused(finished: Finished) -> str:
    """Check the form of a refusal and return its text; notes on choices can come before it."""
    lines = [line for line in finished.err.splitlines() if not line.startswith("note: ")]
    assert finished.code == 2, finished.err
    assert finished.out == ""
    assert lines[0].startswith("error: ")
    assert [line.partition(": ")[0] for line in lines] in (["error"], ["error", "help"])
    return finished.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "too few"),
        (b"a", "too few"),
        (b"ab \xff cd\n", "not UTF-8: byte 0xff at offset 3"),
    ],
)
def test_train_unusable_text_is_refused(
    cli: Call, tmp_path: Path, content: bytes, words: str
) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(content)

    assert words in refused(cli("train", text, "--out", tmp_path / "run"))


@pytest.mark.parametrize(
    ("command", "has_option"),
    [
        (("train", "{file}", "--out", "{out}"), True),
        (("tag", "train", "{file}", "--out", "{out}"), False),
        (("classify", "train", "{file}", "--out", "{out}"), False),
        (("transduce", "train", "{file}", "--out", "{out}"), False),
        (("read", "train", "{file}", "--out", "{out}"), False),
        (("evaluate", "{run}", "--text", "{file}"), True),
        (("pairs", "{run}", "{file}"), False),
    ],
    ids=lambda command: "-".join(command[:2]) if isinstance(command, tuple) else None,
)
def test_text_that_is_not_utf_8_advises_only_options_that_the_command_has(
    cli: Call, word_run: Path, tmp_path: Path, command: tuple[str, ...], has_option: bool
) -> None:
    text = tmp_path / "text.tsv"
    text.write_bytes(b"one\ttwo\nthree \xff\tfour\n")

    error = refused(
        cli(*(each.format(file=text, out=tmp_path / "out", run=word_run) for each in command))
    )

    assert "not UTF-8: byte 0xff at offset 14" in error
    assert "iconv" in error
    assert ("--encoding-errors" in error) == has_option


def test_train_one_token_without_split_is_refused(cli: Call, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n")

    finished = cli("train", text, "--out", tmp_path / "run", "--split", "1,0,0")

    assert "too few tokens: 1" in refused(finished)


def test_train_missing_text_suggests_its_neighbour(cli: Call, corpus: Path, tmp_path: Path) -> None:
    finished = cli("train", corpus.with_name("corpuss.txt"), "--out", tmp_path / "run")

    assert "there is no file" in refused(finished)
    assert "corpus.txt" in finished.err.splitlines()[-1]


def test_train_refused_leaves_the_folder_for_the_next_attempt(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    refused(cli("train", tmp_path / "missing.txt", "--out", run))

    again = refused(cli("train", tmp_path / "missing.txt", "--out", run))

    assert "there is no file" in again
    assert not run.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--recipe", "lstm-smal"], "help: Did you mean 'lstm-small'?"),
        (["--recipe", "missing.toml"], "cannot read the recipe missing.toml"),
        (["--set", "model.hidden_sise=3"], "help: Did you mean 'model.hidden_size'?"),
        (["--set", "modle.hidden_size=3"], "help: Did you mean 'model'?"),
        (["--set", "model.hidden_size=-3"], "hidden_size is -3; it must be at least 1"),
        (["--set", "model.cell=lsmt"], "help: Did you mean 'lstm'?"),
        (["--set", "model.hidden_size"], "is not of the form section.key=value"),
        (["--split", "0.9"], "--split '0.9' is not three numbers"),
        (["--split", "a,b,c"], "--split 'a,b,c' is not three numbers"),
        (["--split", "0.9,0.3,0.1"], "sums to 1.3, not to 1"),
        (["--device", "gpu"], "device 'gpu' is unknown"),
        (["--resume", "maybe"], "help: Use auto, never or old-text."),
        (["--init", "nowhere"], "there is no folder nowhere"),
        (["--encoding-errors", "ignore"], "ignore"),
    ],
)
def test_train_bad_option_is_refused(
    cli: Call, corpus: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    assert words in refused(cli("train", corpus, "--out", tmp_path / "run", *options))


def test_train_no_run_folder_is_refused(cli: Call, corpus: Path) -> None:
    assert "help: Add --out RUN." in refused(cli("train", corpus))


def test_train_run_folder_is_a_file_is_refused(cli: Call, corpus: Path) -> None:
    assert "is not a folder" in refused(cli("train", corpus, "--out", corpus))


@pytest.mark.parametrize(
    "command",
    [
        ("train", "{corpus}", "--out", "-"),
        ("export", "{run}", "--to", "arpa", "--out", "-"),
        ("bench", "all", "--out", "-"),
        ("demo", "--out", "-"),
    ],
    ids=lambda command: command[0],
)
def test_command_that_writes_a_folder_to_standard_output_is_refused(
    cli: Call,
    corpus: Path,
    ngram_run: Path,
    command: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = refused(cli(*(part.format(corpus=corpus, run=ngram_run) for part in command)))

    assert "--out is -, which means standard output" in answer
    assert not Path("-").exists()


def test_train_no_text_is_refused(cli: Call, tmp_path: Path) -> None:
    assert "no training text is named" in refused(cli("train", "--out", tmp_path / "run"))


def test_train_folder_in_use_is_refused(cli: Call, corpus: Path, word_run: Path) -> None:
    assert "with --resume auto" in refused(cli("train", corpus, "--out", word_run))


def test_train_resume_with_other_settings_is_refused(cli: Call, word_run: Path) -> None:
    finished = cli(
        "train", "--out", word_run, "--resume", "auto", "--set", "model.hidden_size=8", "--quiet"
    )

    assert "model.hidden_size is 8, but the run" in refused(finished)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--top-p", "2"], "top_p is 2.0; it must be above 0 and at most 1"),
        (["--min-p", "-1"], "min_p is -1.0"),
        (["--top-k", "0"], "top_k is 0"),
        (["--temperature", "-1"], "temperature is -1.0"),
        (["--repetition-penalty", "0"], "repetition_penalty is 0.0"),
        (["--max-tokens", "0"], "--max-tokens is 0; it must be at least 1"),
        (["--samples", "0"], "--samples is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--stop", ""], "a stop string is empty"),
    ],
)
def test_generate_value_out_of_range_is_refused_before_any_text(
    cli: Call, word_run: Path, options: list[str], words: str
) -> None:
    assert words in refused(cli("generate", word_run, "--prompt", "w1", *options))


@pytest.mark.parametrize(
    ("command", "rest"), [("generate", []), ("next", ["a"]), ("score", []), ("info", [])]
)
def test_model_is_a_file_is_refused(cli: Call, corpus: Path, command: str, rest: list[str]) -> None:
    assert "so it is not an ARPA file; it begins with" in refused(cli(command, corpus, *rest))


def test_model_is_some_folder_is_refused(cli: Call, tmp_path: Path) -> None:
    assert "is not a model folder" in refused(cli("info", tmp_path))


def test_model_missing_is_refused(cli: Call, tmp_path: Path) -> None:
    assert "there is no folder" in refused(cli("info", tmp_path / "nothing"))


def test_model_of_a_newer_format_is_refused(cli: Call, word_run: Path, tmp_path: Path) -> None:
    from nextword.storage import write_manifest

    model = tmp_path / "model"
    shutil.copytree(word_run / "model", model)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"format_version": 99}))
    write_manifest(model)

    assert "newer nextword" in refused(cli("info", model))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--reset", "lines"], "help: Did you mean 'line'?"),
        (["--batch-size", "0"], "batch_size is 0"),
        (["--chunk-length", "0"], "chunk_length is 0"),
        (["--device", "gpu"], "device 'gpu' is unknown"),
        (["--text", "nofile"], "there is no file nofile"),
    ],
)
def test_evaluate_bad_option_is_refused(
    cli: Call, word_run: Path, corpus: Path, options: list[str], words: str
) -> None:
    assert words in refused(cli("evaluate", word_run, "--text", corpus, "--quiet", *options))


def test_evaluate_text_without_tokens_is_refused(cli: Call, word_run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()

    assert "has no tokens" in refused(cli("evaluate", word_run, "--text", tmp_path / "empty.txt"))


def test_next_k_below_one_is_refused(cli: Call, word_run: Path) -> None:
    assert "k is 0" in refused(cli("next", word_run, "w1", "-k", 0))
    assert "k is 0" in refused(cli("next", word_run, "w1", "-k", 0, "--complete"))


def test_score_input_that_is_not_utf8_names_the_offset(cli: Call, word_run: Path) -> None:
    finished = cli("score", word_run, stdin=b"w1\nab\xff\n")

    assert "standard input is not UTF-8: byte 0xff at offset 5" in refused(finished)


def test_evaluate_field_of_a_plain_text_is_refused(cli: Call, word_run: Path, corpus: Path) -> None:
    finished = cli("evaluate", word_run, "--text", corpus, "--field", "body")

    assert "--field body cannot apply" in refused(finished)
    assert str(corpus) in finished.err


def test_train_field_that_applies_to_no_text_is_refused(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    valid = tmp_path / "valid.txt"
    valid.write_text("w1 w2\n")

    finished = cli(
        *("train", corpus, "--valid", valid, "--out", tmp_path / "run"), "--field", "body"
    )

    assert "--field body cannot apply" in refused(finished)


@pytest.mark.parametrize("name", ["/", "", "a" * 5000, "\x00"])
def test_evaluate_name_that_stands_for_no_text_is_refused(
    cli: Call, word_run: Path, name: str
) -> None:
    refused(cli("evaluate", word_run, "--text", name))


@pytest.mark.parametrize("resume", ["never", "auto"])
def test_train_folder_of_other_files_is_refused(
    cli: Call, corpus: Path, tmp_path: Path, resume: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    finished = cli("train", corpus, "--out", tmp_path, "--resume", resume)

    assert "is not empty" in refused(finished)
    assert finished.err.splitlines()[-1] == "help: Choose another --out."
