"""Mixtures from the command line."""

import json
from pathlib import Path

import pytest

import nextword as nw
from cli.caller import TINY, Call


@pytest.fixture(scope="session")
def mixture(
    word_run: Path, ngram_run: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A mixture of the LSTM and the trigrams."""
    out = tmp_path_factory.mktemp("mixtures") / "mixture"
    nw.mix([word_run, ngram_run], valid=str(corpus), out=out)
    return out


def test_mix_json_has_its_keys(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    command = ("mix", word_run, ngram_run, "--valid", corpus, "--out", tmp_path / "out")

    value = json.loads(cli(*command, "--buckets", 2, "--json").out)

    assert list(value) == [
        *("schema", "model", "family", "method", "members", "weights", "bucket_counts"),
        *("log_likelihoods", "num_excluded", "warnings", "valid"),
    ]
    assert [sum(row) for row in value["weights"]] == pytest.approx([1.0, 1.0])
    assert value["log_likelihoods"] == sorted(value["log_likelihoods"])
    best = min(each["perplexity"] for each in value["members"])
    assert value["valid"]["perplexity"] <= best * (1 + 1e-6)
    assert "tuned on this text" in value["valid"]["note"]


def test_mix_prints_members_and_weights(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    command = ("mix", word_run, ngram_run, "--valid", corpus, "--out", tmp_path / "out")

    lines = cli(*command, "--method", "log-linear").out.splitlines()

    assert lines[0].split() == ["model", "perplexity", "weight"]
    assert lines[3].startswith("log-linear mixture")
    assert lines[-1] == f"model  {tmp_path / 'out'}"


def test_mix_on_text_that_its_members_were_trained_on_is_a_warning(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    out, other = tmp_path / "out", tmp_path / "other.txt"
    words = corpus.read_text(encoding="utf-8").split()
    other.write_text(" ".join(reversed(words)) + "\n", encoding="utf-8")

    shown = cli("mix", word_run, ngram_run, "--valid", corpus, "--out", out)
    again = cli("mix", out, ngram_run, "--valid", corpus, "--out", tmp_path / "nested")

    for member in (word_run, ngram_run):
        assert f"WARNING: {member}/model: the model was trained on this text" in shown.err
    assert f"WARNING: {out}: the weights of the mixture were tuned on this text" in again.err
    assert (
        "WARNING" not in cli("mix", out, ngram_run, "--valid", other, "--out", tmp_path / "c").err
    )


def test_mixture_evaluated_on_a_text_that_it_was_fitted_to_is_a_warning(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)
    train, valid, other = (tmp_path / name for name in ("train.txt", "valid.txt", "other.txt"))
    for path, part in ((train, lines[::3]), (valid, lines[1::3]), (other, lines[2::3])):
        path.write_text("".join(part), encoding="utf-8")
    run, out = tmp_path / "run", tmp_path / "out"
    cli("train", train, "--valid", valid, "--out", run, "--recipe", "ngram-5")

    assert cli("mix", run, run, "--valid", valid, "--out", out).code == 0
    assert cli("mix", out, run, "--valid", other, "--out", tmp_path / "nested").code == 0

    def note(model: Path, text: Path) -> str | None:
        (card,) = json.loads(cli("evaluate", model, "--text", text, "--json").out)["results"]
        return card["note"]

    assert note(out, valid) == "the weights of the mixture were tuned on this text"
    assert note(out, train) == "a member of the mixture was trained on this text"
    assert note(out, other) is None
    assert note(tmp_path / "nested", valid) == note(out, valid)
    assert note(tmp_path / "nested", train) == note(out, train)


def test_mix_of_different_resets_shows_them_and_reset_changes_them(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    by_line = tmp_path / "by-line"
    assert cli("train", corpus, "--out", by_line, *TINY, "--set", "training.reset=line").code == 0
    command = ("mix", by_line, word_run, "--valid", corpus, "--out")

    shown = cli(*command, tmp_path / "one")
    alike = cli(*command, tmp_path / "other", "--reset", "line", "--json")
    wrong = cli(*command, tmp_path / "third", "--reset", "lines")

    assert f"reset as in its training: {by_line} line, {word_run} never." in shown.err
    assert [each["reset"] for each in json.loads(alike.out)["members"]] == ["line", "line"]
    assert json.loads(alike.out)["valid"]["reset"] == "line"
    assert "reset is 'lines'" in wrong.err
    for name in ("evaluate", "audit"):
        assert cli(name, tmp_path / "one", "--text", corpus).code == 0


def test_mix_of_zero_probabilities_has_figures_that_agree(
    cli: Call, corpus: Path, tmp_path: Path
) -> None:
    run, valid = tmp_path / "zeros", tmp_path / "valid.txt"
    options = ("--set", "model.order=3", "--set", "model.smoothing=maximum_likelihood")
    cli("train", corpus, "--out", run, "--recipe", "ngram-5", *options)
    words = corpus.read_text(encoding="utf-8").split("\n")[0].split()
    valid.write_text(" ".join([*words, *reversed(words)]) + "\n", encoding="utf-8")
    command = ("mix", run, run, "--valid", valid, "--out")

    shown = cli(*command, tmp_path / "one").out.splitlines()
    value = json.loads(cli(*command, tmp_path / "other", "--json").out)

    assert [line.split()[1] for line in shown[1:3]] == ["infinite", "infinite"]
    assert shown[3].endswith("infinite")
    assert shown[5] == "log-likelihood, nats: -infinite"
    assert value["num_excluded"] > 1
    excluded = f"without the {value['num_excluded']} tokens of probability 0 under every member"
    assert shown[6].startswith(excluded)
    assert value["valid"]["nll_sum"] is None


def test_mix_is_a_model_for_every_command(cli: Call, mixture: Path, corpus: Path) -> None:
    assert cli("audit", mixture, "--text", corpus).code == 0
    assert cli("info", mixture).out.splitlines()[1].split() == ["family", "mixture"]
    assert cli("generate", mixture, "--max-tokens", 3).code == 0
    assert len(cli("next", mixture, "").out.splitlines()) == 5
    assert cli("score", mixture, corpus).code == 0


def test_mix_of_a_mixture_is_loaded_again(
    mixture: Path, ngram_run: Path, corpus: Path, tmp_path: Path
) -> None:
    result = nw.mix([mixture, ngram_run], valid=str(corpus), out=tmp_path / "out")

    assert nw.load(tmp_path / "out").perplexity(texts=str(corpus)) == pytest.approx(
        result.card.perplexity
    )


def test_mix_evaluates_as_it_did_before_it_was_saved(
    cli: Call, mixture: Path, corpus: Path
) -> None:
    value = json.loads(cli("evaluate", mixture, "--text", corpus, "--json").out)

    card = nw.load(mixture).card
    assert f"{value['results'][0]['perplexity']:.2f}" in card
    assert value["results"][0]["family"] == "mixture"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--method", "cubic"), "--method 'cubic' is unknown"),
        (("--buckets", 3), "3 buckets are asked for, but the contexts of the 3-gram model"),
        (("--buckets", 0), "0 buckets are asked for"),
    ],
)
def test_mix_wrong_options_are_refused(
    cli: Call,
    word_run: Path,
    ngram_run: Path,
    corpus: Path,
    tmp_path: Path,
    more: tuple[object, ...],
    message: str,
) -> None:
    out = tmp_path / "out"

    finished = cli("mix", word_run, ngram_run, "--valid", corpus, "--out", out, *more)

    assert finished.code == 2
    assert message in finished.err
    assert not out.exists()


def test_mix_different_tokenizers_are_refused(
    cli: Call, word_run: Path, byte_run: Path, corpus: Path, tmp_path: Path
) -> None:
    finished = cli("mix", word_run, byte_run, "--valid", corpus, "--out", tmp_path / "out")

    assert finished.code in (1, 2)
    assert "have different tokenizers" in finished.err


def test_mix_one_model_or_a_taken_folder_is_refused(
    cli: Call, word_run: Path, ngram_run: Path, corpus: Path, mixture: Path
) -> None:
    alone = cli("mix", word_run, "--valid", corpus, "--out", mixture)
    taken = cli("mix", word_run, ngram_run, "--valid", corpus, "--out", mixture)

    assert "1 model is given; a mixture has at least 2" in alone.err
    assert "exists already; it is not replaced" in taken.err


def test_mix_cannot_be_exported_to_arpa_nor_trained(
    cli: Call, mixture: Path, corpus: Path, tmp_path: Path
) -> None:
    exported = cli("export", mixture, "--to", "arpa", "--out", tmp_path / "arpa")
    options = ("--out", tmp_path / "run", "--set", "model.family=mixture")
    trained = cli("train", corpus, *options)

    assert exported.code == 2
    assert "only n-gram models can be written as ARPA files" in exported.err
    assert trained.code == 2
