"""Options that cannot apply, paths that cannot be used, numbers that make no sense: exit code 2."""

import errno
from pathlib import Path

import pytest

from cli.caller import Call, Finished


def refused(finished: Finished, *parts: str) -> None:
    assert finished.code == 2, finished.err
    assert finished.out == ""
    for part in parts:
        assert part in finished.err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--recipe", "ngram-5", "--set", "training.epochs=3"), "training.epochs"),
        (("--recipe", "ngram-5", "--set", "averaging.decay=0.9"), "averaging.decay"),
        (("--recipe", "ngram-5", "--set", "model.k=0.5"), "model.k"),
        (("--recipe", "ngram-5", "--tensorboard"), "--tensorboard"),
        (
            ("--set", "optimizer.kind=adamw", "--set", "optimizer.momentum=0.9"),
            "optimizer.momentum",
        ),
        (("--set", "clipping.factor=3"), "clipping.factor"),
        (("--set", "schedule.plateau_factor=0.5"), "schedule.plateau_factor"),
        (("--set", "model.nonlinearity=relu"), "model.nonlinearity"),
        (("--set", "model.cell=gru", "--set", "model.forget_bias=2"), "model.forget_bias"),
        (("--valid", "b.txt", "--split", "0.8,0.1,0.1"), "--split"),
        (("--resume", "maybe", "--dry-run"), "--resume"),
    ],
)
def test_train_option_without_effect_is_refused(
    cli: Call, tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    refused(cli("train", "a.txt", "--out", tmp_path / "run", *options), named, "help:")


@pytest.mark.parametrize(
    "options",
    [
        ("--temperature", "0", "--top-k", "3"),
        ("--temperature", "0", "--samples", "2"),
        ("--temperature", "inf"),
        ("--temperature", "nan"),
        ("--repetition-penalty", "inf"),
        ("--samples", "0"),
        ("--samples", "99999999999999"),
        ("--max-tokens", "-1"),
        ("--seed", "99999999999999999999999"),
        ("--seed", "-1"),
    ],
)
def test_generate_number_that_makes_no_sense_is_refused(
    cli: Call, ngram_run: Path, options: tuple[str, ...]
) -> None:
    refused(cli("generate", ngram_run, *options))


@pytest.mark.parametrize("options", [("--seed", "-1"), ("--field", "x"), ("--seed", "9" * 30)])
def test_audit_option_that_cannot_apply_is_refused(
    cli: Call, ngram_run: Path, options: tuple[str, ...]
) -> None:
    refused(cli("audit", ngram_run, *options), options[0])


@pytest.mark.parametrize(
    "path", ["/", "x" * 300, "a\0b", "\udcff"], ids=["root", "long", "nul", "odd"]
)
@pytest.mark.parametrize(
    "command",
    [
        ("next", "PATH", "the"),
        ("train", "PATH", "--out", "OUT"),
        ("train", "a.txt", "--out", "OUT", "--init", "PATH"),
        ("train", "a.txt", "--out", "OUT", "--valid", "PATH"),
        ("train", "a.txt", "--out", "OUT", "--recipe", "PATH"),
    ],
)
def test_unusable_path_is_refused(
    cli: Call, tmp_path: Path, command: tuple[str, ...], path: str
) -> None:
    if (path == "/" and "--valid" in command) or (command[:2] == ("train", "PATH") and path == "/"):
        pytest.skip("a folder of texts")
    names = {"PATH": path, "OUT": str(tmp_path / "run")}

    finished = cli(*(names.get(word, word) for word in command))

    refused(finished, "error: ")
    assert "internal" not in finished.err


def test_train_family_of_another_recipe_names_the_recipe(cli: Call, tmp_path: Path) -> None:
    options = ("--recipe", "lstm-small", "--set", "model.family=window")

    finished = cli("train", "a.txt", "--out", tmp_path / "run", *options)

    refused(finished, "recipe lstm-small: unknown setting 'model.cell'", "--recipe window-5")


def test_train_family_alone_takes_a_recipe_of_that_family() -> None:
    import nextword as nw

    config = nw.run_config("a.txt", settings=[{"model": {"family": "window"}}])

    assert config.model == nw.run_config("a.txt", recipe="window-5").model


def test_train_wrong_prune_gives_an_example_of_numbers(cli: Call, tmp_path: Path) -> None:
    options = ("--recipe", "ngram-5", "--set", "model.prune=x")

    refused(cli("train", "a.txt", "--out", tmp_path / "run", *options), "--set model.prune='[0, 1")


def test_train_dry_run_plans_ngrams(cli: Call, corpus: Path) -> None:
    finished = cli("train", corpus, "--recipe", "ngram-5", "--dry-run", "--quiet")

    assert finished.code == 0, finished.err
    assert "5-grams" in finished.out


def test_train_full_disk_exits_1_with_what_to_free(
    cli: Call, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    run = tmp_path / "run"

    finished = cli("train", corpus, "--out", run, "--recipe", "ngram-5", "--quiet")

    assert finished.code == 1
    assert f"the disk is full: no space is left to write {run}" in finished.err
    assert "Free some space" in finished.err
