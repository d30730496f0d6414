"""Training runs of a classifier: results, resuming to the bit, and refusals."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword
from classifiers import BAD, GOOD, SMALL, made_rows, write_tsv
from nextword import api
from nextword.base import ConfigError, DataError, FormatError, MismatchError
from nextword.storage import load_model_folder
from nextword.tasks.classification import Classifier
from nextword.tasks.running import TaskResult
from stopping import StopAt

NGRAMS = {"words": 2, "characters": 3, "table_size": 999, "naive_bayes": 0.1, "text_dropout": 0.5}


def train(folder: Path, name: str = "run", **options: Any) -> TaskResult:
    rows = options.pop("rows", made_rows(60))
    train_file, valid = folder / "train.tsv", folder / "valid.tsv"
    write_tsv(train_file, rows)
    if not valid.exists():
        write_tsv(valid, options.pop("valid_rows", rows[:20]))
    keywords = {key: options.pop(key) for key in ("callbacks", "resume") if key in options}
    sections = {section: dict(values) for section, values in SMALL.items()}
    for section, values in options.items():
        sections.setdefault(section, {}).update(values)
    sections.setdefault("text", {})["valid"] = [str(valid)]
    return api.train_classifier(str(train_file), out=folder / name, settings=sections, **keywords)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_train_classifier_learns_with_every_pooling(pooling: str, tmp_path: Path) -> None:
    result = train(
        tmp_path,
        classification={"pooling": pooling},
        ngrams={"words": 0, "characters": 0},
        training={"epochs": 12},
    )

    assert result.validation is not None
    assert result.validation.to_dict()["accuracy"] > 0.9
    classifier = nextword.load(result.run)
    assert isinstance(classifier, Classifier)
    assert (
        max(classifier.classify("a great and lovely film").items(), key=lambda i: i[1])[0] == "pos"
    )


def test_train_classifier_learns_several_labels(tmp_path: Path) -> None:
    rows = []
    for row in made_rows(80):
        words = row.text.split()
        labels = tuple(
            name for name, hints in (("good", GOOD), ("film", ["film"])) if {*hints} & {*words}
        )
        rows.append(type(row)(text=row.text, labels=labels, place=row.place))

    result = train(
        tmp_path, rows=rows, classification={"multi_label": True}, training={"epochs": 12}
    )

    assert result.validation is not None
    assert result.validation.headline()[0] == "micro F1"
    assert result.validation.to_dict()["micro_f1"] > 0.9
    (found,) = nextword.load(result.run).predict(["a lovely great film"])
    assert set(found.labels) == {"good", "film"}


def test_saved_classifier_predicts_as_the_trained_one(tmp_path: Path) -> None:
    result = train(tmp_path, ngrams=NGRAMS, classification={"pooling": "attention"})

    measured = nextword.load(result.run)
    again = api.load(result.model).classify("a dull film")

    assert measured.classify("a dull film") == again


def test_resumed_training_equals_an_uninterrupted_one_to_the_bit(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "ngrams": NGRAMS,
        "training": {"checkpoint_every": 5},
        "averaging": {"decay": 0.9},
        "encoder": {"input_dropout": 0.2, "word_dropout": 0.1},
    }
    whole = train(tmp_path, "whole", **options)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, "stopped", callbacks=lambda run: [StopAt(13)], **options)

    resumed = train(tmp_path, "stopped", resume="auto", **options)

    ours, others = (load_model_folder(each.model).tensors for each in (resumed, whole))
    assert ours.keys() == others.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, others[name]), name


def test_resumed_training_refuses_changed_files(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, callbacks=lambda run: [StopAt(3)], training={"checkpoint_every": 2})

    with pytest.raises(MismatchError, match=r"train\.tsv"):
        train(tmp_path, rows=made_rows(61), resume="auto", training={"checkpoint_every": 2})


def test_training_starts_from_the_weights_of_a_classifier(tmp_path: Path) -> None:
    first = train(tmp_path, "first", ngrams=NGRAMS)

    second = train(
        tmp_path, "second", ngrams=NGRAMS, text={"init": str(first.run)}, training={"max_steps": 1}
    )

    ours, others = (load_model_folder(each.model).tensors for each in (second, first))
    assert (ours["output.weight"] - others["output.weight"]).abs().max() < 0.1


def test_training_refuses_to_start_from_another_architecture(tmp_path: Path) -> None:
    first = train(tmp_path, "first", training={"max_steps": 1})

    with pytest.raises(ConfigError, match=r"classification\.pooling is 'mean', but --init"):
        train(
            tmp_path,
            "second",
            text={"init": str(first.run)},
            classification={"pooling": "mean"},
        )


def test_training_refuses_to_start_with_labels_that_the_model_lacks(tmp_path: Path) -> None:
    first = train(tmp_path, "first", training={"max_steps": 1})
    rows = made_rows(20)
    rows += [type(each)(text="so so", labels=("mixed",), place="made:0") for each in rows[:3]]

    with pytest.raises(ConfigError, match=r"labels that .* lacks: mixed"):
        train(tmp_path, "second", rows=rows, text={"init": str(first.run)})


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a\tx\nb\tx\n", "have only the label 'x'; at least 2"),
        ("".join(f"text {n}\tlabel {n}\n" for n in range(30)), "have 30 different labels, such as"),
    ],
)
def test_training_refuses_labels_that_cannot_be_learned(
    lines: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "train.tsv"
    path.write_text(lines)

    with pytest.raises(DataError, match=message):
        api.train_classifier(str(path), out=tmp_path / "run", settings=SMALL)


def test_training_warns_of_a_first_line_that_may_name_the_columns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [type(each)(text="remark", labels=("grade",), place="x") for each in made_rows(1)]

    train(tmp_path, rows=rows + made_rows(30), training={"max_steps": 1})

    assert "its label 'grade' occurs nowhere else" in caplog.text


def test_training_without_validation_file_splits_off_a_share(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_tsv(tmp_path / "train.tsv", made_rows(50))
    with caplog.at_level(logging.INFO):
        result = api.train_classifier(
            str(path), out=tmp_path / "run", settings=SMALL | {"training": {"max_steps": 1}}
        )

    assert "5 of 50 texts of the training data" in caplog.text
    assert result.validation is not None
    assert result.validation.to_dict()["num_items"] == 5


def test_training_refuses_unfreezing_without_a_language_model(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unfreeze_every is 1, but no language model"):
        train(tmp_path, classification={"unfreeze_every": 1})


def test_class_weights_of_settings_are_checked_against_the_labels(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has 3 numbers, but there are 2 labels: neg, pos"):
        train(tmp_path, classification={"class_weights": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("ngrams", {"characters": 2}, "characters is 2; n-grams of characters have at least 3"),
        ("classification", {"pooling": "sum"}, "pooling"),
        ("classification", {"threshold": 1.5}, "threshold"),
        ("classification", {"class_weights": "some"}, "class_weights"),
        ("columns", {"format": "xlsx"}, "format"),
    ],
)
def test_settings_out_of_range_are_refused(
    section: str, values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(tmp_path, **{section: values})


def test_damaged_model_folder_is_refused(tmp_path: Path) -> None:
    result = train(tmp_path, training={"max_steps": 1})
    path = result.model / "config.json"
    path.write_text(path.read_text().replace('"max_length"', '"maximum"'))

    with pytest.raises(FormatError):
        nextword.load(result.run)


def test_words_beyond_the_largest_number_are_cut_in_training_and_prediction(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        result = train(tmp_path, training={"max_length": 3, "max_steps": 1})

    classifier = nextword.load(result.run)
    (found,) = classifier.predict(["one two three four"])
    assert found.words == ("one", "two", "three")
    assert "words or more; only the first 3 are read" in caplog.text


def test_texts_without_good_or_bad_words_have_other_probabilities(tmp_path: Path) -> None:
    classifier = nextword.load(train(tmp_path, training={"epochs": 6}).run)

    good, bad = classifier.classify_texts([" ".join(GOOD), " ".join(BAD)])

    assert good["pos"] > 0.8
    assert bad["pos"] < 0.2


def test_naive_bayes_weights_are_used_when_training_starts_from_a_language_model(
    tmp_path: Path,
) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("".join(f"{row.text}\n" for row in made_rows(40)))
    small = {"model": {"hidden_size": 8, "num_layers": 1}, "training": {"max_steps": 1}}
    language_model = api.train(str(corpus), out=tmp_path / "model", settings=small)

    result = train(
        tmp_path,
        ngrams=NGRAMS,
        text={"init": str(language_model.run)},
        encoder={"fine_tune": True},
        classification={"unfreeze_every": 1},
        training={"max_steps": 2},
    )

    weights = load_model_folder(result.model).tensors["ngrams.weight"]
    assert weights.ne(0.0).sum() > 50
