"""Models in the form of other programs."""

import gzip
import json
import re
from pathlib import Path

import pytest

import nextword as nw
from cli.caller import Call
from labelling_models import tagger
from nextword.tasks.storing import save_task


def test_export_arpa_prints_the_path_of_a_model_that_is_the_same(
    cli: Call, ngram_run: Path, tmp_path: Path
) -> None:
    finished = cli("export", ngram_run, "--to", "arpa", "--out", tmp_path / "new" / "out")

    path = tmp_path / "new" / "out" / "model.arpa"
    assert finished.out == f"{path}\n"
    one, other = nw.load(ngram_run), nw.load(path)
    assert one.language_model.fingerprint() == other.language_model.fingerprint()
    assert one.tokenizer.fingerprint == other.tokenizer.fingerprint


def test_export_arpa_gzip_is_the_same_file_compressed(
    cli: Call, ngram_run: Path, arpa: Path, tmp_path: Path
) -> None:
    finished = cli("export", ngram_run, "--to", "arpa", "--out", tmp_path, "--gzip")

    assert finished.out == f"{tmp_path / 'model.arpa.gz'}\n"
    assert gzip.decompress((tmp_path / "model.arpa.gz").read_bytes()) == arpa.read_bytes()


def test_export_arpa_of_an_arpa_file_is_the_same_file(
    cli: Call, arpa: Path, tmp_path: Path
) -> None:
    cli("export", arpa, "--to", "arpa", "--out", tmp_path)

    assert (tmp_path / "model.arpa").read_bytes() == arpa.read_bytes()


def test_export_json_has_its_keys(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    value = json.loads(cli("export", ngram_run, "--to", "arpa", "--out", tmp_path, "--json").out)

    assert list(value) == ["schema", "model", "to", "path", "num_bytes"]
    assert value["num_bytes"] == (tmp_path / "model.arpa").stat().st_size


def test_export_network_to_arpa_is_refused_and_leaves_no_folder(
    cli: Call, word_run: Path, tmp_path: Path
) -> None:
    finished = cli("export", word_run, "--to", "arpa", "--out", tmp_path / "out")

    assert finished.code == 2
    assert finished.err.splitlines() == [
        "error: only n-gram models can be written as ARPA files, which hold one back-off model; "
        "this model is of the family recurrent.",
        "help: Train an n-gram model with --recipe ngram-5.",
    ]
    assert not list(tmp_path.iterdir())


def test_export_over_a_file_is_refused(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    (tmp_path / "model.arpa").write_text("mine")

    finished = cli("export", ngram_run, "--to", "arpa", "--out", tmp_path)

    assert finished.code == 2
    assert "model.arpa exists already; it is not replaced." in finished.err
    assert (tmp_path / "model.arpa").read_text() == "mine"


def test_export_html_writes_one_file_and_says_how_it_is_rounded(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "model.html"

    finished = cli("export", word_run, "--to", "html", "--out", out, "--text", corpus)

    lines = finished.out.splitlines()
    assert lines[0] == str(out)
    assert re.fullmatch(r"perplexity [\d.]+, in the file [\d.]+ \([+-]0\.\d\d %\)", lines[1])
    assert finished.err.endswith("0.1 MB with int8 weights; open it in a browser.\n")
    assert "<title>words</title>" in out.read_text(encoding="utf-8")


def test_export_html_json_has_its_keys(cli: Call, ngram_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.html"
    options = ("--title", "Mine", "--prompt", "w1 ", "--json")

    value = json.loads(cli("export", ngram_run, "--to", "html", "--out", out, *options).out)

    assert list(value) == ["schema", "model", "to", "path", "num_bytes", "precision"]
    assert value["num_bytes"] == out.stat().st_size
    assert "<title>Mine</title>" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("to", "out", "words"),
    [
        ("apra", "out", "help: Did you mean 'arpa'?"),
        ("arpa", "corpus.txt", "corpus.txt is not a folder"),
        ("html", ".", "is not a file name"),
        ("html", "new.html --gzip", "--gzip is only used for arpa, but --to is html"),
    ],
)
def test_export_bad_option_is_refused_before_the_model_is_read(
    cli: Call, corpus: Path, to: str, out: str, words: str
) -> None:
    name, *more = out.split()

    finished = cli("export", "nowhere", "--to", to, "--out", corpus.parent / name, *more)

    assert finished.code == 2
    assert words in finished.err


@pytest.mark.parametrize(
    "command",
    [
        ("next", "w1 w2", "--json"),
        ("generate", "--prompt", "w1", "--max-tokens", 9, "--seed", 1),
        ("score", "--json"),
    ],
)
def test_arpa_file_answers_every_command_as_the_model_it_was_written_from(
    cli: Call, ngram_run: Path, arpa: Path, command: tuple[object, ...]
) -> None:
    name, *rest = command

    answers = [cli(name, model, *rest, stdin=b"w1 w2\nzzz\n") for model in (ngram_run, arpa)]

    assert answers[0].code == 0
    assert answers[0].out == answers[1].out


def test_arpa_file_evaluates_as_the_model_it_was_written_from(
    cli: Call, ngram_run: Path, arpa: Path, corpus: Path
) -> None:
    finished = cli("evaluate", ngram_run, arpa, "--text", corpus, "--json")

    one, other = json.loads(finished.out)["results"]
    for key in ("model", "seconds", "tokens_per_second"):
        del one[key], other[key]
    # The run knows that this is its training text.
    assert one.pop("note") != other.pop("note")
    assert one == other


def test_info_of_an_arpa_file_lists_the_file(cli: Call, arpa: Path) -> None:
    value = json.loads(cli("info", arpa, "--json").out)

    size = arpa.stat().st_size
    assert (value["path"], value["num_bytes"]) == (str(arpa), size)
    assert value["files"] == [{"name": "model.arpa", "num_bytes": size}]
    assert value["settings"] == {"model": {"family": "ngram", "order": 3}}
    assert value["measured"] == []


def test_train_from_an_arpa_file_is_refused(
    cli: Call, arpa: Path, corpus: Path, tmp_path: Path
) -> None:
    finished = cli("train", corpus, "--out", tmp_path / "run", "--init", arpa)

    assert finished.code == 2
    assert "is of the family ngram, which has no weights to start from" in finished.err


def test_export_huggingface_writes_a_folder_and_says_how_exact_it_is(
    cli: Call, word_run: Path, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    out = tmp_path / "new" / "out"

    finished = cli("export", word_run, "--to", "huggingface", "--out", out)

    assert finished.out == f"{out}\n"
    assert re.search(r"MB; log-probabilities differ .* by at most \d\.\de-\d\d nats", finished.err)
    assert {"config.json", "model.safetensors", "tokenizer.json", "modeling_nextword.py"} <= {
        path.name for path in out.iterdir()
    }


def test_export_huggingface_of_n_grams_is_refused_and_leaves_no_folder(
    cli: Call, ngram_run: Path, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")

    finished = cli("export", ngram_run, "--to", "huggingface", "--out", tmp_path / "out")

    assert finished.code == 2
    assert "of the family ngram: it has tables of probabilities, not layers" in finished.err
    assert not list(tmp_path.iterdir())


def test_export_onnx_prints_the_change_by_8_bits(
    cli: Call, word_run: Path, corpus: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    out = tmp_path / "out"

    finished = cli("export", word_run, "--to", "onnx", "--out", out, "--int8", "--text", corpus)

    assert finished.out.splitlines()[0] == f"{out}"
    assert re.fullmatch(r"perplexity .*, in the file .* \([+-].* %\)", finished.out.splitlines()[1])
    assert (out / "model.int8.onnx").is_file()


@pytest.mark.parametrize(
    ("to", "file"), [("huggingface", "model.safetensors"), ("onnx", "words.json")]
)
def test_export_of_a_tagger_says_how_scores_differ(
    to: str, file: str, cli: Call, tmp_path: Path
) -> None:
    model = tagger()
    save_task(tmp_path / "tagger", model.parts.stored(model.model, config={}, card=""))

    finished = cli("export", tmp_path / "tagger", "--to", to, "--out", tmp_path / "out")

    assert finished.out == f"{tmp_path / 'out'}\n"
    assert re.search(
        r"scores of labels differ from the model's by at most \d\.\de-0\d\.", finished.err
    )
    assert (tmp_path / "out" / file).is_file()


def test_export_of_a_tagger_with_int8_prints_the_change(cli: Call, tmp_path: Path) -> None:
    model = tagger()
    save_task(tmp_path / "tagger", model.parts.stored(model.model, config={}, card=""))

    finished = cli(
        "export",
        tmp_path / "tagger",
        "--to",
        "onnx",
        "--out",
        tmp_path / "out",
        "--int8",
        "--quiet",
    )

    _, change = finished.out.splitlines()
    begin = r"8-bit weights change \d\.\d\d % of the labels of random words, "
    assert re.fullmatch(begin + r"and scores by at most 0\.\d+", change)
