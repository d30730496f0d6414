"""`nextword inspect`, end to end on tiny models."""

import json
from pathlib import Path

import pytest

from cli.caller import Call

_FAST = ("--lags", 4, "--quiet")


def test_inspect_gradients_of_two_models_writes_one_report(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    finished = cli(
        "inspect", "gradients", word_run, "recipe:elman", "--text", corpus, "--out", tmp_path,
        "--set", "model.hidden_size=8", "--window", 6, "--characters", 120, *_FAST,
    )  # fmt: skip

    assert finished.code == 0, finished.err
    lines = finished.out.splitlines()
    assert lines[0].startswith("model")
    assert lines[0].endswith("lag 4 / lag 0")
    assert any(line.startswith("recipe:elman") and "layer 1 hidden state" in line for line in lines)
    assert lines[-1] == f"report  {tmp_path / 'report.html'}"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "gates-1.png",
        "gradients.json",
        "gradients.png",
        "itemized-1.png",
        "itemized-2.png",
        "report.html",
    ]
    values = json.loads((tmp_path / "gradients.json").read_text())
    assert [model["model"] for model in values["models"]] == [str(word_run), "recipe:elman"]
    assert values["models"][0]["num_lags"] == 4


def test_inspect_instruments_share_a_report(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    options = ("--text", corpus, "--out", tmp_path, *_FAST)
    jacobian = cli("inspect", "jacobian", word_run, "--steps", 6, *options)
    saliency = cli("inspect", "saliency", word_run, "--positions", 3, "--points", 4, *options)

    assert (jacobian.code, saliency.code) == (0, 0), jacobian.err + saliency.err
    assert "The largest Lyapunov exponent is" in jacobian.out
    assert "Completeness: the values of integrated gradients sum to" in saliency.out
    page = (tmp_path / "report.html").read_text()
    assert "Jacobians of a step" in page
    assert "Saliency: what a prediction rests on" in page
    assert "http" not in page
    assert {"jacobian.json", "jacobian.png", "saliency.json", "saliency.png"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_inspect_json_is_one_object(cli: Call, byte_run: Path, corpus: Path) -> None:
    finished = cli(
        "inspect", "saliency", byte_run, "--text", corpus, "--position", 9, "--json",
        "--positions", 2, "--points", 2, *_FAST,
    )  # fmt: skip

    values = json.loads(finished.out)
    assert (values["schema"], values["position"], values["num_lags"]) == (1, 9, 4)
    assert [method["method"] for method in values["methods"]] == [
        "gradient_x_input",
        "integrated_gradients",
        "occlusion",
    ]
    assert "report" not in values


@pytest.mark.parametrize("instrument", ["gradients", "jacobian", "saliency"])
def test_inspect_of_counts_is_refused_with_the_reason(
    cli: Call, ngram_run: Path, corpus: Path, instrument: str
) -> None:
    finished = cli("inspect", instrument, ngram_run, "--text", corpus, *_FAST)

    assert finished.code == 2
    assert "it reads its probabilities from counts" in finished.err


@pytest.mark.parametrize("instrument", ["gradients", "jacobian", "saliency"])
def test_inspect_text_shorter_than_the_lag_is_refused(
    cli: Call, word_run: Path, tmp_path: Path, instrument: str
) -> None:
    short = tmp_path / "short.txt"
    short.write_text("w1 w2\n")

    finished = cli("inspect", instrument, word_run, "--text", short, "--quiet")

    assert finished.code == 2
    assert "has 3 tokens, but looking back over 30 steps needs at least 31" in finished.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gradients", "recipe:ngram-5"), "counts n-grams of a text; it has no untrained model"),
        (("gradients", "recipe:elmann"), "there is no recipe 'elmann'"),
        (("jacobian", "recipe:window-5"), "the family 'window' has no Jacobians"),
        (("jacobian", "recipe:elman", "--lags", 0), "lags is 0"),
        (("saliency", "recipe:elman", "--baseline", "unk"), "there is no baseline 'unk'"),
        (("saliency", "recipe:elman", "--position", 2), "position is 2"),
        (("gradients", "recipe:elman", "--out", "-"), "--out is -"),
        (("gradients", "recipe:elman", "--positions", 0), "positions is 0"),
    ],
)
def test_inspect_bad_input_is_refused(
    cli: Call, corpus: Path, arguments: tuple[object, ...], message: str
) -> None:
    finished = cli("inspect", *arguments, "--text", corpus)

    assert finished.code == 2
    assert message in finished.err


def test_inspect_settings_for_trained_models_are_refused(
    cli: Call, word_run: Path, corpus: Path
) -> None:
    for option in (("--set", "model.hidden_size=8"), ("--seed", 3)):
        finished = cli("inspect", "gradients", word_run, "--text", corpus, *option)

        assert finished.code == 2
        assert f"{option[0]} {option[1]} has no effect on trained models" in finished.err


def test_inspect_untrained_network_depends_on_its_seed(cli: Call, corpus: Path) -> None:
    def factors(seed: int) -> str:
        finished = cli(
            "inspect", "jacobian", "recipe:gru", "--text", corpus, "--seed", seed,
            "--set", "model.hidden_size=6", "--steps", 4, *_FAST,
        )  # fmt: skip
        return finished.out

    assert factors(1) == factors(1) != factors(2)
