"""`evaluate` with a continuous cache and with dynamic evaluation."""

import json
from pathlib import Path

import pytest

from cli.caller import Call


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text to tune on."""
    from fakes import random_text

    path = tmp_path_factory.mktemp("tune") / "tune.txt"
    path.write_text(random_text(20, seed=9, num_words=12), encoding="utf-8")
    return path


def test_evaluate_adaptations_have_rows_of_their_own(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, other: Path
) -> None:
    options = ("--text", corpus, "--cache", "--dynamic", "--tune", other, "--json")

    value = json.loads(cli("evaluate", word_run, ngram_run, *options).out)

    rows = [(row["family"], row["adaptation"]) for row in value["results"]]
    assert rows == [
        ("recurrent", None),
        ("recurrent", "cache"),
        ("recurrent", "dynamic"),
        ("ngram", None),
    ]
    assert {row["num_tokens"] for row in value["results"]} == {value["results"][0]["num_tokens"]}
    assert value["results"][0]["adaptation_settings"] is None
    assert value["results"][1]["adaptation_settings"]["size"] == 2000


def test_evaluate_tunes_on_standard_input_and_on_bytes_that_are_not_utf_8(
    cli: Call, word_run: Path, corpus: Path, other: Path, tmp_path: Path
) -> None:
    text = other.read_text(encoding="utf-8")
    latin = tmp_path / "latin.txt"
    latin.write_bytes(text.encode() + b"caf\xe9\n")
    command = ("evaluate", word_run, "--text", corpus, "--cache", "--json", "--tune")

    named, piped = cli(*command, other), cli(*command, "-", stdin=text.encode())
    both = cli("evaluate", word_run, "--text", "-", "--cache", "--tune", "-", stdin=text.encode())
    kept = cli(*command, latin, "--encoding-errors", "surrogateescape")

    assert piped.code == 0, piped.err
    tuned, expected = (json.loads(each.out)["results"][1] for each in (piped, named))
    assert tuned["adaptation_settings"] == expected["adaptation_settings"]
    assert tuned["nll_sum"] == expected["nll_sum"]
    assert "--text and --tune are both standard input" in both.err
    assert kept.code == 0, kept.err


def test_evaluate_adaptation_does_not_depend_on_the_batch_size(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    command = ("evaluate", word_run, "--text", corpus, "--dynamic", "--cache", "--json")

    one, many = (
        [row["nll_sum"] for row in json.loads(cli(*command, "--batch-size", size).out)["results"]]
        for size in (1, 16)
    )

    assert one == pytest.approx(many, rel=1e-6)


def test_evaluate_set_changes_the_settings_shown(cli: Call, word_run: Path, corpus: Path) -> None:
    options = ("--cache", "--set", "cache.size=7", "--set", "cache.theta=0.5")

    finished = cli("evaluate", word_run, "--text", corpus, *options)

    assert f"{word_run} + cache" in finished.out
    assert "cache: size 7, theta 0.5, weight 0.1" in finished.err


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        ("cache", "theta", 0.123),
        ("cache", "weight", 0.123),
        ("dynamic", "learning_rate", 0.123),
        ("dynamic", "decay", 0.0123),
    ],
)
def test_evaluate_tune_keeps_the_settings_that_are_given(
    cli: Call, word_run: Path, corpus: Path, other: Path, kind: str, setting: str, value: float
) -> None:
    options = (f"--{kind}", "--tune", other, "--set", f"{kind}.{setting}={value}", "--json")

    row = json.loads(cli("evaluate", word_run, "--text", corpus, *options).out)["results"][1]

    assert row["adaptation_settings"][setting] == value


def test_evaluate_says_that_tuning_found_nothing_better_than_the_plain_model(
    cli: Call, word_run: Path, corpus: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextword.evaluation.adaptation.tuning.RATES", {"sgd": (30.0,)})
    command = ("evaluate", word_run, "--text", corpus, "--dynamic", "--tune", other)

    shown, value = cli(*command), json.loads(cli(*command, "--json").out)

    message = "no compared setting of dynamic evaluation is better than the model without it"
    assert message not in str(value["results"][0]["note"])
    assert message in value["results"][1]["note"]
    assert message in shown.out
    assert f"WARNING: {word_run}: {message} on the tuning text {other}" in shown.err


def test_evaluate_diverged_weights_are_blamed_on_the_learning_rate(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    options = ("--dynamic", "--set", "dynamic.learning_rate=3e38")

    finished = cli("evaluate", word_run, "--text", corpus, *options)

    assert finished.code == 1
    assert "dynamic evaluation diverged with dynamic.learning_rate=3e+38" in finished.err
    assert "help: Lower the rate" in finished.err


@pytest.mark.parametrize("more", [(), ("--tune", "OTHER")], ids=["scored", "tuned"])
def test_evaluate_cache_too_large_for_memory_is_named(
    cli: Call, word_run: Path, corpus: Path, other: Path, more: tuple[str, ...]
) -> None:
    options = [other if word == "OTHER" else word for word in more]
    command = ("--text", corpus, "--cache", "--set", f"cache.size={10**13}", *options)

    carried = cli("evaluate", word_run, *command)
    by_line = cli("evaluate", word_run, *command, "--reset", "line")

    assert (carried.code, by_line.code) == (1, 1)
    assert "out of memory with a cache of 10,000,000,000,000 words (cache.size)" in carried.err
    assert "help: Lower cache.size, for example --set cache.size=2000" in carried.err
    assert "help: Lower cache.size or the batch size" in by_line.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--cache", "--tune", "SAME"), "which is also in the text that is evaluated"),
        (("--tune", "SAME"), "has no effect without --cache or --dynamic"),
        (("--set", "cache.size=3"), "has no effect without --cache or --dynamic"),
        (("--cache", "--set", "cache.sise=3"), "unknown setting 'cache.sise'"),
        (("--dynamic", "--set", "dynamic.decay=2"), "dynamic.decay"),
        (
            ("--cache", "--set", "dynamic.decay=0.5"),
            "dynamic.decay has no effect without --dynamic",
        ),
        (("--dynamic", "--set", "cache={size=3}"), "cache.size has no effect without --cache"),
        (
            ("--dynamic", "--set", "dynamic.epsilon=0.1"),
            "dynamic.epsilon has no effect with dynamic.rule=sgd",
        ),
        (
            ("--cache", "--tune", "SAME", "--set", "cache={theta=0.1,weight=0.2}"),
            "nothing is left to tune: the values of cache.theta, cache.weight are given",
        ),
    ],
)
def test_evaluate_wrong_adaptation_is_refused(
    cli: Call, word_run: Path, corpus: Path, more: tuple[str, ...], message: str
) -> None:
    options = [corpus if word == "SAME" else word for word in more]

    finished = cli("evaluate", word_run, "--text", corpus, *options)

    assert finished.code == 2
    assert message in finished.err


@pytest.mark.parametrize("spelling", ["same", "longer", "link", "copy", "joined", "part"])
def test_evaluate_tuning_text_with_evaluated_text_in_it_is_refused(
    cli: Call, word_run: Path, corpus: Path, other: Path, tmp_path: Path, spelling: str
) -> None:
    content = corpus.read_text(encoding="utf-8")
    texts = {
        "same": corpus,
        "longer": corpus.parent / ".." / corpus.parent.name / corpus.name,
        "link": tmp_path / "link.txt",
        "copy": tmp_path / "copy.txt",
        "joined": tmp_path / "joined.txt",
        "part": tmp_path / "part.txt",
    }
    texts["link"].symlink_to(corpus)
    texts["copy"].write_text(content, encoding="utf-8")
    texts["joined"].write_text(other.read_text(encoding="utf-8") + content, encoding="utf-8")
    texts["part"].write_text(content[: len(content) // 2], encoding="utf-8")
    tune = ("--tune", other, "--tune", texts[spelling])

    finished = cli("evaluate", word_run, "--text", corpus, "--cache", *tune)

    assert finished.code == 2
    named = texts[spelling] if spelling in ("same", "longer", "link", "copy") else f"{other} "
    assert f"tuned on {named}" in finished.err
    assert "which is also in the text that is evaluated" in finished.err


def test_evaluate_adaptation_of_an_ngram_model_is_refused(
    cli: Call, ngram_run: Path, corpus: Path
) -> None:
    finished = cli("evaluate", ngram_run, "--text", corpus, "--dynamic")

    assert finished.code == 2
    assert "is a model of the family ngram" in finished.err
