"""n-gram models through the same door as the networks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from nextword.base import ConfigError, NoChoiceError

Settings = Callable[..., dict[str, Any]]
TRIGRAM = {"model": {"order": 3}, "tokenizer": {"min_count": 1}}


def test_ngram_recipe_trains_measures_and_loads(corpus_file: Path, tmp_path: Path) -> None:
    result = nw.train(str(corpus_file), out=tmp_path / "run", recipe="ngram-5", settings=TRIGRAM)

    model = nw.load(tmp_path / "run")
    assert result.family == model.language_model.family == "ngram"
    assert result.test is not None
    assert 1.0 < result.test.perplexity < 5.0
    assert model.next_words("the cat", k=4)[0][0] in {"sees", "eats", "opened", "likes"}
    assert len(model.generate("the old", max_tokens=5, seed=1)) > 0


def test_ngram_without_smoothing_trains_where_only_unknown_words_can_follow(
    tmp_path: Path,
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("".join(f"a b c d e x{number}\n" for number in range(100)))

    result = nw.train(
        str(text),
        out=tmp_path / "run",
        recipe="ngram-3",
        settings={"model.smoothing": "maximum_likelihood"},
    )

    assert "a b c d [...] e [no next token]" in (tmp_path / "run" / "report.html").read_text()
    with pytest.raises(NoChoiceError, match="no token can follow"):
        nw.load(result.model).generate("d e", max_tokens=5)


def test_ngram_loaded_from_disk_scores_like_the_trained_one(
    corpus_file: Path, tmp_path: Path
) -> None:
    result = nw.train(str(corpus_file), out=tmp_path / "run", recipe="ngram-5", settings=TRIGRAM)

    text = corpus_file.read_text()
    lines = text.splitlines()[-3:]
    one, other = nw.load(tmp_path / "run"), nw.load(result.model)
    assert one.score(lines) == other.score(lines)
    assert one.language_model.fingerprint() == other.language_model.fingerprint()


def test_ngram_perplexity_is_the_same_for_every_reset_of_words(
    corpus_file: Path, tmp_path: Path
) -> None:
    nw.train(str(corpus_file), out=tmp_path / "run", recipe="ngram-5", settings=TRIGRAM)
    model = nw.load(tmp_path / "run")

    never = model.evaluate(str(corpus_file), reset="never", chunk_length=7)
    line = model.evaluate(str(corpus_file), reset="line", batch_size=5)

    assert never.nll_sum == pytest.approx(line.nll_sum, rel=1e-9)


def test_ngram_run_again_with_auto_gives_the_same(corpus_file: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"out": tmp_path / "run", "recipe": "ngram-5", "settings": TRIGRAM}
    first = nw.train(str(corpus_file), **options)

    second = nw.train(str(corpus_file), resume="auto", **options)

    assert first.test is not None
    assert second.test is not None
    assert second.test.nll_sum == first.test.nll_sum


def test_ngram_from_another_model_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    settings = {"text": {"init": str(tmp_path / "other")}}

    with pytest.raises(ConfigError, match="cannot start from"):
        nw.train(str(corpus_file), out=tmp_path / "run", recipe="ngram-5", settings=settings)


def test_network_from_an_ngram_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    nw.train(str(corpus_file), out=tmp_path / "ngram", recipe="ngram-5", settings=TRIGRAM)
    values = {"text": {"init": str(tmp_path / "ngram")}}

    with pytest.raises(ConfigError, match="has no weights to start from"):
        nw.train(str(corpus_file), out=tmp_path / "run", recipe="lstm-small", settings=values)


@pytest.mark.parametrize(
    ("model", "message", "help"),
    [
        ({"family": "ngrm"}, r"model\.family is 'ngrm'", "Did you mean 'ngram'"),
        (
            {"family": "ngram", "ordr": 3},
            r"unknown setting 'model\.ordr'",
            "Did you mean 'model.order'",
        ),
        ({"family": "ngram", "tied": 1}, r"unknown setting 'model\.tied'", "Known: family, k,"),
        (
            {"hiden_size": 3},
            r"unknown setting 'model\.hiden_size'",
            "Did you mean 'model.hidden_size'",
        ),
        ({"family": "ngram", "order": 0}, r"model\.order is 0", ""),
    ],
    ids=["family", "key of ngram", "key of another", "key of recurrent", "order 0"],
)
def test_model_settings_that_are_wrong_are_refused(
    model: dict[str, Any], message: str, help: str
) -> None:
    recipe = "ngram-5" if model.get("family") else "lstm-small"

    with pytest.raises(ConfigError, match=message) as refused:
        nw.run_config("text", recipe=recipe, settings=[{"model": model}])

    assert help in refused.value.help
