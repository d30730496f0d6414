"""Exporting by the name of a format."""

import inspect
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from families import Case
from labelling_models import tagger
from nextword.api import ExportRequest, write_html_page
from nextword.api.exporting import EXPORTERS
from nextword.base import CheckpointError, ConfigError, encode
from nextword.cli import export as command
from nextword.families import NgramConfig, RecurrentConfig
from nextword.tasks.transduction import Transducer
from tiny_transducer import tiny_model, tiny_parts


def model_of(case: Case, name: str = "runs/mine/model") -> nw.Model:
    return nw.Model.of(
        case.build(1).float() if isinstance(case.model, RecurrentConfig) else case.build(1),
        case.tokenizer,
        config={"model": encode(case.model)},
        path=Path(name),
    )


@pytest.fixture
def network() -> nw.Model:
    return model_of(Case(RecurrentConfig(hidden_size=6, num_layers=2)))


@pytest.fixture
def trigrams() -> nw.Model:
    return model_of(Case(NgramConfig(order=3)))


def test_export_html_writes_a_page_with_the_facts_of_the_model(
    network: nw.Model, tmp_path: Path
) -> None:
    written = nw.export(network, to="html", out=tmp_path / "new" / "page.html", prompt="w1 ")

    page = (tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert written.path == tmp_path / "new" / "page.html"
    assert written.num_bytes == len(page.encode("utf-8"))
    assert written.details == {"precision": "int8 weights"}
    assert "<title>mine</title>" in page
    assert "<li>2 lstm layers of 6</li>" in page
    assert f"<li>{network.language_model.num_parameters:,} parameters</li>" in page
    assert '"prompt":"w1 "' in page


def test_export_html_with_a_text_measures_the_change_in_perplexity(
    network: nw.Model, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(random_text(20, num_words=5), encoding="utf-8")

    written = nw.export(network, to="html", out=tmp_path / "page.html", texts=str(text))

    own, rounded = written.details["perplexity"], written.details["rounded_perplexity"]
    assert own == network.perplexity(texts=str(text))
    assert own != rounded
    assert own == pytest.approx(rounded, rel=0.05)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"perplexity {rounded:.2f}, with the trained weights {own:.2f}." in page


def test_export_arpa_is_the_file_of_export_arpa(trigrams: nw.Model, tmp_path: Path) -> None:
    written = nw.export(trigrams, to="arpa", out=tmp_path / "one.arpa")

    trigrams.export_arpa(tmp_path / "other.arpa")
    assert written.path.read_bytes() == (tmp_path / "other.arpa").read_bytes()
    assert written.details == {}


def test_export_over_a_file_is_refused(trigrams: nw.Model, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")

    with pytest.raises(CheckpointError, match=r"page.html exists already; it is not replaced"):
        nw.export(trigrams, to="html", out=tmp_path / "page.html")

    assert (tmp_path / "page.html").read_text() == "mine"


def test_write_html_page_replaces_a_file(trigrams: nw.Model, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("old")

    write_html_page(trigrams, ExportRequest(out=out, title="N-grams"))

    page = out.read_text(encoding="utf-8")
    assert "<h1>N-grams</h1>" in page
    assert "<li>n-grams up to 3 tokens</li>" in page
    assert "16-bit log-probabilities" in page


def test_export_to_an_unknown_format_names_the_nearest(trigrams: nw.Model, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'htm' is not a known format") as caught:
        nw.export(trigrams, to="htm", out=tmp_path / "page.htm")

    assert caught.value.help == "Did you mean 'html'?"


def test_export_arpa_with_settings_of_a_page_is_refused(trigrams: nw.Model, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prompt is only used for html, but the format is arpa"):
        nw.export(trigrams, to="arpa", out=tmp_path / "model.arpa", prompt="w1")

    assert not list(tmp_path.iterdir())


def test_export_into_a_folder_with_files_is_refused(network: nw.Model, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CheckpointError, match="exists already; it is not replaced"):
        nw.export(network, to="huggingface", out=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("to", ["arpa", "html"])
def test_export_of_a_tagger_to_a_format_of_language_models_is_refused(
    to: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"format {to} holds language models") as caught:
        nw.export(tagger(), to=to, out=tmp_path / "out")

    assert caught.value.help == "Taggers and classifiers can be exported to huggingface and onnx."


@pytest.mark.parametrize("to", ["huggingface", "onnx"])
def test_export_of_a_transducer_is_refused(to: str, tmp_path: Path) -> None:
    parts = tiny_parts()
    transducer = Transducer(parts, [tiny_model(parts)])

    with pytest.raises(ConfigError, match="a model of the task transduction, whose search"):
        nw.export(transducer, to=to, out=tmp_path / "out")


def test_help_of_the_command_lists_every_format() -> None:
    text = inspect.getsource(command)

    assert f'metavar="{"|".join(EXPORTERS)}"' in text
