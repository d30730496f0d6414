"""Options of all commands, unknown ones, and the list of every flag."""

import os
from pathlib import Path

import pytest

from cli.caller import Call
from golden.make_cli_flags import GOLDEN, flags_text
from nextword import __version__
from nextword.cli import main

COMMANDS = (
    *("demo", "train", "recipes", "settings", "evaluate", "compare", "mix", "audit"),
    *("generate", "next", "score", "filter", "rescore", "surprisal", "pairs", "encode", "serve"),
    *("info", "export", "bench", "bench-keyboard"),
    *("tag", "classify", "transduce", "read", "lab", "inspect"),
)


def test_flags_equal_the_reviewed_list() -> None:
    # A new flag on purpose: python tests/golden/make_cli_flags.py
    assert flags_text() == GOLDEN.read_text(encoding="utf-8")


def test_version_prints_it(cli: Call) -> None:
    finished = cli("--version")

    assert (finished.code, finished.out, finished.err) == (0, f"nextword {__version__}\n", "")


def test_help_names_every_command_with_a_summary(cli: Call) -> None:
    finished = cli("--help")

    assert finished.code == 0
    listed = [line.split() for line in finished.out.partition("Commands:")[2].splitlines()]
    assert [words[0] for words in listed if words] == list(COMMANDS)
    assert not any("..." in word for words in listed for word in words)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_of_a_command_is_a_result(cli: Call, command: str, flag: str) -> None:
    finished = cli(command, flag)

    assert finished.code == 0
    assert finished.out.startswith(f"Usage: nextword {command} [OPTIONS]")


def test_no_command_prints_the_help(cli: Call) -> None:
    finished = cli()

    assert finished == cli("--help")
    assert finished.code == 0


@pytest.mark.parametrize(
    ("command", "option", "setting"),
    [
        ("train", "--epochs", "training.epochs"),
        ("train", "--learning-rate", "optimizer.learning_rate"),
        ("classify train", "--pooling", "classification.pooling"),
    ],
)
def test_option_that_is_a_setting_is_suggested(
    cli: Call, command: str, option: str, setting: str
) -> None:
    finished = cli(*command.split(), option, "3")

    assert f"help: Did you mean --set {setting}=VALUE?" in finished.err


@pytest.mark.parametrize(
    ("arguments", "error", "help"),
    [
        (["trian"], "there is no command 'trian'.", "Did you mean 'train'?"),
        (
            ["zzz"],
            "there is no command 'zzz'.",
            "Known: audit, bench, bench-keyboard, classify, compare, demo, encode, evaluate, "
            "export, filter, generate, info, inspect, lab, mix, next, pairs, read, recipes, "
            "rescore, score, serve, settings, surprisal, tag, train, transduce.",
        ),
        (
            ["train", "--rceipe", "x"],
            "nextword train has no option '--rceipe'.",
            "Did you mean '--recipe'?",
        ),
        (["--versoin"], "nextword has no option '--versoin'.", "Did you mean '--version'?"),
        (["next", "m"], "missing argument 'CONTEXT'.", "See nextword next --help."),
        (["recipes", "lstm-smal"], "there is no recipe 'lstm-smal'.", "Did you mean 'lstm-small'?"),
        (["recipes", "awd"], "there is no recipe 'awd'.", "Did you mean 'awd-lstm'?"),
    ],
)
def test_bad_usage_is_one_error_and_one_help(
    cli: Call, arguments: list[str], error: str, help: str
) -> None:
    finished = cli(*arguments)

    assert finished.code == 2
    assert (finished.out, finished.err) == ("", f"error: {error}\nhelp: {help}\n")


def test_bad_number_names_the_option(cli: Call) -> None:
    finished = cli("generate", "m", "--seed", "x")

    assert finished.code == 2
    assert finished.err.startswith("error: --seed is 'x'; a whole number is expected.")


@pytest.mark.parametrize(
    "arguments", [["--debug", "recipes", "zzz"], ["recipes", "zzz", "--debug"]]
)
def test_debug_before_or_after_the_command_shows_the_traceback(
    cli: Call, arguments: list[str]
) -> None:
    finished = cli(*arguments)

    assert finished.code == 2
    assert "Traceback (most recent call last)" in finished.err
    assert "error: there is no recipe 'zzz'." in finished.err


def test_interrupt_is_one_word(cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nextword.api.load", interrupt)

    finished = cli("info", "m")

    assert (finished.code, finished.out, finished.err) == (130, "", "interrupted\n")


def test_bug_is_one_line_that_names_debug(cli: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("nextword.api.load", fail)

    finished = cli("info", "m")

    assert finished.code == 1
    assert finished.err.splitlines()[0] == "error: internal RuntimeError: boom"
    assert "--debug" in finished.err
    assert "Traceback" not in finished.err


def test_debug_shows_the_log_of_the_library(cli: Call, corpus: Path, tmp_path: Path) -> None:
    arguments = ("train", corpus, "--dry-run", "--set", "model.hidden_size=8")

    assert "INFO nextword." in cli(*arguments, "--debug").err
    assert "INFO nextword." not in cli(*arguments).err


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [({}, "5000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_main_lets_waiting_threads_sleep_unless_the_person_chose(
    chosen: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that what main sets is undone as well
        monkeypatch.delenv(name)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)

    main(["recipes"])

    assert os.environ.get("GOMP_SPINCOUNT") == expected
