import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.tasks.tagging.crf import LinearChainCrf
from nextword.tasks.tagging.labels import LabelCodec
from nextword.tasks.tagging.labels.schemes import (
    Scheme,
    convert_labels,
    detect_scheme,
    scheme_constraints,
    scheme_labels,
)
from nextword.tasks.tagging.labels.spans import find_spans

SPAN_SCHEMES = [Scheme.IOB1, Scheme.IOB2, Scheme.BIOES, Scheme.BILOU]
ANY_LABELS = st.lists(
    st.sampled_from(["O", *(f"{prefix}-{type}" for prefix in "BIESLU" for type in "XY")])
)


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        ("B-X I-X O B-Y", Scheme.IOB2),
        ("B-X B-X", Scheme.IOB2),
        ("I-X I-X O I-Y", Scheme.IOB1),
        ("I-X B-X I-X", Scheme.IOB1),
        ("I-X I-Y", Scheme.IOB1),
        # One malformed label does not change the scheme.
        ("B-X O B-X I-X O I-X", Scheme.IOB2),
        ("B-X E-X S-Y O", Scheme.BIOES),
        ("B-X L-X U-Y O", Scheme.BILOU),
        ("B I O", Scheme.IOB2),
        ("O O", Scheme.NONE),
        ("NOUN VERB", Scheme.NONE),
        ("B-X NOUN", Scheme.NONE),
        ("B-X E-X U-X", Scheme.NONE),
        ("", Scheme.NONE),
    ],
)
def test_detect_scheme_of_labels_returns_scheme(labels: str, scheme: Scheme) -> None:
    assert detect_scheme([labels.split()]) is scheme


def test_detect_scheme_spans_do_not_continue_in_the_next_sentence() -> None:
    assert detect_scheme([["I-X"], ["I-X"]]) is Scheme.IOB1
    assert detect_scheme([["B-X"], ["B-X"]]) is Scheme.IOB2


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (Scheme.IOB1, "I-X I-X B-X O I-Y I-X"),
        (Scheme.IOB2, "B-X I-X B-X O B-Y B-X"),
        (Scheme.BIOES, "B-X E-X S-X O S-Y S-X"),
        (Scheme.BILOU, "B-X L-X U-X O U-Y U-X"),
    ],
)
@pytest.mark.parametrize("source", SPAN_SCHEMES)
def test_convert_labels_between_all_schemes(scheme: Scheme, expected: str, source: Scheme) -> None:
    labels = convert_labels(["B-X", "I-X", "B-X", "O", "B-Y", "B-X"], source)

    assert convert_labels(labels, scheme) == expected.split()


def test_convert_labels_without_scheme_are_unchanged() -> None:
    assert convert_labels(["NOUN", "I-X"], Scheme.NONE) == ["NOUN", "I-X"]


@pytest.mark.parametrize("scheme", SPAN_SCHEMES)
@given(labels=ANY_LABELS)
def test_convert_labels_of_any_sequence_keeps_spans_and_is_allowed(
    labels: list[str], scheme: Scheme
) -> None:
    converted = convert_labels(labels, scheme)

    assert list(find_spans(converted)) == list(find_spans(labels))
    names = scheme_labels("XY", scheme)
    assert is_allowed(converted, names, scheme)


@pytest.mark.parametrize("scheme", SPAN_SCHEMES)
@given(data=st.data())
def test_scheme_constraints_allow_only_what_conversion_writes(
    scheme: Scheme, data: st.DataObject
) -> None:
    names = scheme_labels("XY", scheme)
    labels = data.draw(st.lists(st.sampled_from(names), max_size=4))

    assert is_allowed(labels, names, scheme) == (convert_labels(labels, scheme) == labels)


def is_allowed(labels: list[str], names: list[str], scheme: Scheme) -> bool:
    constraints = scheme_constraints(names, scheme)
    ids = [names.index(label) for label in labels]
    return not ids or (
        bool(constraints.starts[ids[0]])
        and bool(constraints.ends[ids[-1]])
        and all(constraints.transitions[pair] for pair in itertools.pairwise(ids))
    )


def test_scheme_constraints_of_bioes_decode_only_well_formed_labels() -> None:
    names = scheme_labels(["PER", "LOC"], Scheme.BIOES)
    crf = LinearChainCrf(len(names), constraints=scheme_constraints(names, Scheme.BIOES))
    emissions = torch.randn(20, 6, len(names), generator=torch.Generator().manual_seed(3))

    decoded = crf.decode(emissions, torch.full((20,), 6))

    for row in decoded.tolist():
        labels = [names[label_id] for label_id in row]
        assert convert_labels(labels, Scheme.BIOES) == labels


def test_scheme_constraints_without_scheme_allow_everything() -> None:
    constraints = scheme_constraints(["NOUN", "I-X"], Scheme.NONE)

    assert constraints.starts.all()
    assert constraints.ends.all()
    assert constraints.transitions.all()


@pytest.mark.parametrize("scheme", SPAN_SCHEMES)
def test_convert_labels_keeps_labels_that_are_not_of_spans(scheme: Scheme) -> None:
    assert convert_labels(["PER", "O", "B_X"], scheme) == ["PER", "O", "B_X"]


def test_label_codec_warns_of_a_label_that_keeps_the_others_from_being_spans(
    caplog: pytest.LogCaptureFixture,
) -> None:
    codec = LabelCodec.of([["B-PER", "O"], ["O", "PER"]], scheme="auto")

    assert not codec.has_spans
    assert "sentence 2 has the label 'PER'" in caplog.text
    caplog.clear()
    LabelCodec.of([["NOUN", "VERB"]], scheme="auto")
    LabelCodec.of([["B-PER", "O"]], scheme="auto")
    assert not caplog.records
