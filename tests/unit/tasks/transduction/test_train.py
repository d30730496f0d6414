"""Training a transducer: it learns, resumes to the bit, is saved, and starts from others."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.base import ConfigError, MismatchError
from nextword.storage import load_model
from nextword.tasks.transduction import SearchConfig, Transducer, load_transducer
from stopping import StopAt
from training_runs import assert_equal_runs

TINY: dict[str, dict[str, Any]] = {
    "encoder": {"hidden_size": 12, "embedding_size": 8},
    "decoder": {"hidden_size": 12, "embedding_size": 8},
    "training": {"batch_size": 16, "epochs": 2, "precision": "float32", "device": "cpu"},
}


def merged(**sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: TINY.get(name, {}) | sections.get(name, {}) for name in {*TINY, *sections}}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of a string and its copy in capitals."""
    generator = random.Random(1)
    path = tmp_path_factory.mktemp("pairs") / "train.tsv"
    texts = ["".join(generator.choices("abc", k=generator.randint(1, 4))) for _ in range(120)]
    path.write_text("".join(f"{text}\t{text.upper()}\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def run(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    out = tmp_path_factory.mktemp("runs") / "capitals"
    nw.train_transducer(str(pairs), out=out, settings=TINY)
    return out


def test_train_transducer_learns_capitals(pairs: Path, tmp_path: Path) -> None:
    settings = merged(
        training={"epochs": 30},
        optimizer={"learning_rate": 0.02},
        transduction={"dropout": 0.0},
        averaging={"decay": 0.0},
    )

    result = nw.train_transducer(str(pairs), out=tmp_path / "run", settings=settings)

    assert result.validation is not None
    assert result.validation.to_dict()["exact_match"] > 0.9
    assert nw.load(tmp_path / "run").transduce("bca") == "BCA"


def test_train_transducer_stopped_and_resumed_equals_one_run(
    pairs: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        nw.train_transducer(
            str(pairs), out=out, settings=TINY, callbacks=lambda folder: [StopAt(9)]
        )

    nw.train_transducer(out=out, resume="auto")

    assert_equal_runs(out, run)


def test_train_transducer_resume_with_other_pairs_is_refused(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("a\tb\nb\tc\n")

    with pytest.raises(MismatchError):
        nw.train_transducer(str(other), out=run, settings=TINY, resume="auto")


def test_load_transducer_gives_the_same_targets(run: Path) -> None:
    first, second = load_transducer(run), nw.load(run / "model")

    assert isinstance(second, Transducer)
    assert second.task == "transduction"
    texts = ["a", "cab", "bb"]
    assert [first.transduce(text) for text in texts] == [second.transduce(text) for text in texts]


def test_load_transducer_ensemble_with_other_symbols_is_refused(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("xy\tz\nyx\tz\n")
    nw.train_transducer(str(other), out=tmp_path / "run", settings=merged(training={"epochs": 1}))

    with pytest.raises(MismatchError, match="the source symbols of"):
        load_transducer(run, tmp_path / "run")


def test_transducer_long_source_has_a_target(run: Path) -> None:
    transducer = load_transducer(run).with_search(SearchConfig(max_length=20))

    assert len(transducer.transduce("abc" * 1700)) <= 20


@pytest.mark.parametrize("beam_size", [1, 3])
def test_transducer_does_not_depend_on_the_batch_and_padding(run: Path, beam_size: int) -> None:
    config = SearchConfig(beam_size=beam_size, n_best=beam_size)
    texts = ["abca", "b", "ccc" * 9, "a", "bc", "cab" * 30]

    def found(*, batch_size: int, read_ahead: int) -> list[list[tuple[str, float]]]:
        transducer = load_transducer(run).with_search(config, batch_size=batch_size)
        ranked = transducer.transduce_texts(iter(texts), read_ahead=read_ahead)
        return [[(each.text, each.score) for each in targets] for targets in ranked]

    alone = found(batch_size=1, read_ahead=1)

    for several in (found(batch_size=2, read_ahead=3), found(batch_size=64, read_ahead=64)):
        for one, many in zip(alone, several, strict=True):
            assert [text for text, _ in one] == [text for text, _ in many]
            assert [score for _, score in one] == pytest.approx([s for _, s in many], abs=1e-9)


def test_transducer_ensemble_of_one_model_twice_is_that_model(run: Path) -> None:
    texts = ["abca", "b", "ccc"]

    one = list(load_transducer(run).transduce_texts(texts))
    twice = list(load_transducer(run, run / "model").transduce_texts(texts))

    assert [found[0].text for found in twice] == [found[0].text for found in one]
    for (ours,), (theirs,) in zip(twice, one, strict=True):
        assert ours.log_prob == pytest.approx(theirs.log_prob, abs=1e-9)


def test_train_transducer_init_starts_from_its_weights(
    pairs: Path, run: Path, tmp_path: Path
) -> None:
    settings = merged(
        text={"init": str(run)},
        training={"max_steps": 1},
        optimizer={"learning_rate": 1e-12},
        averaging={"decay": 0.0},
    )

    nw.train_transducer(str(pairs), out=tmp_path / "run", settings=settings)

    ours, theirs = load_transducer(tmp_path / "run"), load_transducer(run)
    for name, parameter in ours.models[0].named_parameters():
        torch.testing.assert_close(parameter, theirs.models[0].get_parameter(name))


def test_train_transducer_init_of_another_size_is_refused(
    pairs: Path, run: Path, tmp_path: Path
) -> None:
    settings = merged(text={"init": str(run)}, encoder={"hidden_size": 11})

    with pytest.raises(ConfigError, match="do not fit the settings"):
        nw.train_transducer(str(pairs), out=tmp_path / "run", settings=settings)


@pytest.fixture(scope="module")
def language_model(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A character model of the targets, one a line, with the sizes of the transducer."""
    folder = tmp_path_factory.mktemp("lm")
    text = folder / "targets.txt"
    targets = [line.split("\t")[1] for line in pairs.read_text().splitlines()]
    text.write_text("\n".join(targets) + "\n")
    settings = {
        "tokenizer": {"kind": "character"},
        "model": {"hidden_size": 12, "embedding_size": 8, "num_layers": 1, "tied": False},
        "training": {"reset": "line", "epochs": 1, "batch_size": 4, "device": "cpu"},
    }
    nw.train(str(text), out=folder / "run", settings=settings)
    return folder / "run"


def test_train_transducer_decoder_starts_from_a_language_model(
    pairs: Path, language_model: Path, tmp_path: Path
) -> None:
    settings = merged(
        decoder={"init": str(language_model), "input_feeding": True},
        training={"max_steps": 1},
        optimizer={"learning_rate": 1e-12},
        averaging={"decay": 0.0},
    )

    nw.train_transducer(str(pairs), out=tmp_path / "run", settings=settings)

    cell = load_transducer(tmp_path / "run").models[0].decoder.core.layers[0]
    theirs = load_model(language_model).model.core.layers[0]
    torch.testing.assert_close(cell.weight_hh, theirs.weight_hh.double())
    torch.testing.assert_close(cell.weight_ih[:, :8], theirs.weight_ih.double())


def test_train_transducer_decoder_init_of_another_size_is_refused(
    pairs: Path, language_model: Path, tmp_path: Path
) -> None:
    settings = merged(decoder={"init": str(language_model), "hidden_size": 24})

    with pytest.raises(ConfigError, match="not LstmCell of hidden size 24"):
        nw.train_transducer(str(pairs), out=tmp_path / "run", settings=settings)


def test_transducer_fusion_adds_the_weighted_language_model(
    run: Path, language_model: Path
) -> None:
    transducer = load_transducer(run).with_search(
        SearchConfig(fusion_weight=0.5), language_model=language_model
    )
    (found,) = next(transducer.transduce_texts(["cab"]))

    fused = (found.score - found.log_prob) / 0.5

    (line,) = nw.load(language_model).unit_scores(text=found.text + "\n", reset="line")
    assert fused == pytest.approx(-line.nll_sum, abs=1e-4)


def test_transducer_fusion_with_other_units_is_refused(run: Path, tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("a b c\n" * 30)
    nw.train(str(text), out=tmp_path / "lm", recipe="ngram-5", settings={"model": {"order": 2}})

    with pytest.raises(ConfigError, match="language model of word tokens"):
        load_transducer(run).with_search(SearchConfig(), language_model=tmp_path / "lm")
