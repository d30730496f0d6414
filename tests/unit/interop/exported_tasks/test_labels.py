"""The labels of a CRF in files, for every sequence of tags that it allows."""

from itertools import pairwise, product
from typing import Any

import pytest

from nextword.base import ConfigError, decode
from nextword.interop.exported_tasks import exported_labels
from nextword.tasks.encoding import EncoderConfig, EncoderParts, LabelVocabulary, build_vocabulary
from nextword.tasks.tagging import LabelCodec, TaggerParts, TaggingConfig
from nextword.tasks.tagging.labels import Scheme, convert_labels

SPANS = ["B-X", "I-X", "O", "B-Y", "B-X", "B-X", "I-X", "O", "B-X", "O"]


def parts(file_scheme: str, scheme: str, *, decoder: str = "crf") -> TaggerParts:
    file_labels = convert_labels(SPANS, Scheme(file_scheme))
    codec = LabelCodec(
        file_scheme=Scheme(file_scheme),
        scheme=Scheme(scheme),
        file_labels=tuple(sorted({*file_labels})),
    )
    config = EncoderConfig()
    return TaggerParts(
        encoder=EncoderParts(config=config, vocabulary=build_vocabulary([["a"]], config)),
        config=decode(TaggingConfig, {"decoder": decoder, "scheme": scheme}, source="test"),
        codec=codec,
        labels=LabelVocabulary(codec.inside_labels()),
    )


@pytest.mark.parametrize(
    ("file_scheme", "scheme"),
    [
        ("iob1", "bioes"),
        ("iob2", "bioes"),
        ("bioes", "bioes"),
        ("bilou", "bioes"),
        ("iob1", "iob2"),
        ("iob2", "iob2"),
    ],
)
def test_labels_of_every_sequence_are_those_that_the_tagger_writes(
    file_scheme: str, scheme: str
) -> None:
    made = parts(file_scheme, scheme)
    tags = made.labels.labels
    found = exported_labels(made)
    pairs, ends = found.settings["pair_labels"], found.settings["end_tags"]
    constraints = made.codec.constraints(tags)
    assert constraints is not None
    assert ends == constraints.ends.int().tolist()

    num_allowed = 0
    for path in product(range(len(tags)), repeat=4):
        before = [-1, *path[:-1]]
        numbers = [pairs[first][second] for first, second in zip(before, path, strict=True)]
        steps: list[Any] = [constraints.starts[path[0]]]
        steps += [constraints.transitions[pair] for pair in pairwise(path)]
        assert [number >= 0 for number in numbers] == [bool(step) for step in steps]
        if min(numbers) < 0 or not ends[path[-1]]:
            continue
        num_allowed += 1
        labels = [found.labels[number] for number in numbers]
        assert labels == made.codec.decode([tags[number] for number in path])
    assert num_allowed > 50
    assert {*made.codec.file_labels} <= {*found.labels}


def test_labels_that_are_no_spans_are_the_tags() -> None:
    made = parts("none", "none")

    assert exported_labels(made).labels == made.labels.labels
    assert exported_labels(made).settings == {"num_tags": len(made.labels)}


def test_labels_that_depend_on_the_next_word_are_refused() -> None:
    with pytest.raises(ConfigError, match="the label of a word depends on the next one") as caught:
        exported_labels(parts("bioes", "iob2"))

    assert caught.value.help == "Train it with tagging.scheme=bioes."


def test_spans_without_a_crf_are_refused() -> None:
    with pytest.raises(ConfigError, match="predicts each span label on its own"):
        exported_labels(parts("iob2", "bioes", decoder="softmax"))
