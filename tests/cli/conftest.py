"""A command line to call, and two tiny trained models."""

import io
import sys
from pathlib import Path

import pytest

from cli.caller import TINY, Call, Finished


@pytest.fixture
def cli(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command line in this process."""
    from nextword.cli import main

    def call(*arguments: object, stdin: bytes = b"") -> Finished:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsysbinary.readouterr()
        return Finished(
            code=code,
            out=captured.out.decode("utf-8", "surrogateescape"),
            err=captured.err.decode("utf-8", "surrogateescape"),
        )

    return call


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text of made-up words."""
    from fakes import random_text

    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text(random_text(120, num_words=12), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def word_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a word model."""
    return _trained(corpus, tmp_path_factory.mktemp("runs") / "words", "--tensorboard")


@pytest.fixture(scope="session")
def byte_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a byte model."""
    return _trained(
        corpus, tmp_path_factory.mktemp("runs") / "bytes", "--set", "tokenizer.kind=byte"
    )


@pytest.fixture(scope="session")
def ngram_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of trigrams of words."""
    from nextword.cli import main

    run = tmp_path_factory.mktemp("runs") / "trigrams"
    options = ("--recipe", "ngram-5", "--set", "model.order=3", "--quiet")
    assert main(["train", str(corpus), "--out", str(run), *options]) == 0
    return run


@pytest.fixture(scope="session")
def arpa(ngram_run: Path) -> Path:
    """The trigrams as an ARPA file."""
    import nextword as nw

    path = ngram_run.with_name("exported") / "model.arpa"
    nw.load(ngram_run).export_arpa(path)
    return path


def _trained(corpus: Path, run: Path, *options: str) -> Path:
    from nextword.cli import main

    assert main(["train", str(corpus), "--out", str(run), *TINY, *options]) == 0
    return run
