"""From the texts a person names to token stores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nextword.base import ConfigError, DataError
from nextword.tokens import TokenizerConfig
from nextword.training import TextConfig, TrainingData, prepare_data
from training_runs import train

Settings = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("text", "message"), [("", "has 0 characters; .*too few"), ("x", "has 1 characters; .*too few")]
)
def test_train_on_too_little_text_is_refused(
    text: str, message: str, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        train(path, tmp_path / "run", settings())


def test_one_token_corpus_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text("x")
    values = settings(tokenizer={"kind": "character"}, text={"split": (1.0, 0.0, 0.0)})

    with pytest.raises(DataError, match="at least 2 are needed"):
        train(path, tmp_path / "run", values)


def prepared(text: Path, folder: Path, **options: Any) -> TrainingData:
    config = {name: options.pop(name) for name in ("valid", "test", "split") if name in options}
    return prepare_data(
        TextConfig(train=(str(text),), **config),
        TokenizerConfig(kind="word", min_count=1),
        folder=folder,
        **options,
    )


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    path = tmp_path / "other.txt"
    path.write_text("zebras like fish\n" * 5)
    return path


def test_data_is_split_by_the_shares(corpus_file: Path, tmp_path: Path) -> None:
    data = prepared(corpus_file, tmp_path / "tokens", split=(0.5, 0.25, 0.25))

    assert data.valid is not None
    assert data.test is not None
    parts = [data.train.num_tokens, data.valid.num_tokens, data.test.num_tokens]
    assert sum(parts) == 1488
    # Lines are not cut, and some have more tokens than others.
    assert parts == pytest.approx([744, 372, 372], abs=25)


@pytest.mark.parametrize(
    ("split", "has_valid", "has_test"),
    [
        ((1.0, 0.0, 0.0), False, False),
        ((0.5, 0.5, 0.0), True, False),
        ((0.5, 0.0, 0.5), False, True),
    ],
)
def test_data_without_a_share_has_no_such_part(
    split: tuple[float, float, float],
    has_valid: bool,
    has_test: bool,
    corpus_file: Path,
    tmp_path: Path,
) -> None:
    data = prepared(corpus_file, tmp_path / "tokens", split=split)

    assert (data.valid is not None, data.test is not None) == (has_valid, has_test)


def test_data_with_a_test_text_cuts_its_share_for_training(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    data = prepared(
        corpus_file, tmp_path / "tokens", test=(str(other_file),), split=(0.25, 0.5, 0.25)
    )

    assert data.test is not None
    assert data.test.num_tokens == 20
    assert data.train.num_tokens == pytest.approx(744, rel=0.03)


def test_data_with_a_validation_text_is_not_cut(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    data = prepared(
        corpus_file, tmp_path / "tokens", valid=(str(other_file),), split=(0.25, 0.5, 0.25)
    )

    assert data.valid is not None
    assert (data.train.num_tokens, data.valid.num_tokens, data.test) == (1488, 20, None)
    assert data.descriptions["valid"].endswith("other.txt")


def test_data_vocabulary_comes_from_the_training_part_alone(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    data = prepared(corpus_file, tmp_path / "tokens", valid=(str(other_file),))

    words = {data.tokenizer.token_text(number) for number in range(data.tokenizer.vocab_size)}
    assert "fish" in words
    assert "zebras" not in words


def test_data_that_is_there_is_used_again(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    first = prepared(corpus_file, tmp_path / "tokens")

    second = prepared(
        corpus_file, tmp_path / "tokens", extend=lambda tokenizer: tokenizer.with_words(["new"])
    )

    assert second.tokenizer.fingerprint == first.tokenizer.fingerprint
    assert (second.train.ids[:] == first.train.ids[:]).all()


def test_data_vocabulary_is_extended_before_anything_is_encoded(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    data = prepared(
        corpus_file,
        tmp_path / "tokens",
        valid=(str(other_file),),
        extend=lambda tokenizer: tokenizer.with_words(["zebras"]),
    )

    assert data.valid is not None
    assert data.tokenizer.token_text(int(data.valid.ids[0])) == "zebras"


def test_data_with_a_tokenizer_given_learns_none(
    corpus_file: Path, other_file: Path, tmp_path: Path
) -> None:
    given = prepared(other_file, tmp_path / "other", split=(1.0, 0.0, 0.0)).tokenizer

    data = prepared(corpus_file, tmp_path / "tokens", tokenizer=given)

    assert data.tokenizer.fingerprint == given.fingerprint


def test_data_tells_of_each_stage(corpus_file: Path, tmp_path: Path) -> None:
    stages: dict[str, int] = {}

    def told(stage: str, done: int, total: int | None = None) -> None:
        stages[stage] = done

    prepared(corpus_file, tmp_path / "tokens", on_progress=told)

    assert list(stages) == [
        "learning the vocabulary",
        "encoding the train text",
        "encoding the valid text",
        "encoding the test text",
    ]
    assert all(done > 0 for done in stages.values())


def test_data_without_a_training_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training text is named"):
        prepare_data(TextConfig(), TokenizerConfig(), folder=tmp_path)
