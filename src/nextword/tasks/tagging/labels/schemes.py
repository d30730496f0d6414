"""Schemes that write spans as labels: detect, convert, and restrict label sequences."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch

from nextword.tasks.tagging.crf import Constraints
from nextword.tasks.tagging.labels.spans import OUTSIDE, find_spans, split_label

_SPAN_LABEL = re.compile(r"O|[BIESLU](?:-.*)?", re.DOTALL)
_TYPED_LABEL = re.compile(r"[BIESLU]-.+", re.DOTALL)


class Scheme(StrEnum):
    """How labels express spans.

    | scheme | a span of three words, and one of one word |
    |---|---|
    | `iob1` | I I I, and I; the first label is B after a span of the same type |
    | `iob2` | B I I, and B |
    | `bioes` | B I E, and S |
    | `bilou` | B I L, and U |
    | `none` | the labels are not spans, for example parts of speech |
    """

    NONE = "none"
    IOB1 = "iob1"
    IOB2 = "iob2"
    BIOES = "bioes"
    BILOU = "bilou"


@dataclass(frozen=True, kw_only=True)
class _Prefixes:
    """Prefixes of the first, inner and last label of a span, and of the only one."""

    first: str
    inside: str
    last: str
    single: str


_PREFIXES = {
    Scheme.IOB1: _Prefixes(first="I", inside="I", last="I", single="I"),
    Scheme.IOB2: _Prefixes(first="B", inside="I", last="I", single="B"),
    Scheme.BIOES: _Prefixes(first="B", inside="I", last="E", single="S"),
    Scheme.BILOU: _Prefixes(first="B", inside="I", last="L", single="U"),
}


def detect_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Detect the scheme of labels.

    The labels are spans if each of them is `O` or has a prefix. Without E-, S-, L- and U- the
    scheme is `iob2` or `iob1`, according to the more frequent first label of a span that does not
    follow one of the same type.

    Args:
        sentences: The labels of each sentence.

    Example:
        >>> detect_scheme([["I-PER", "I-PER", "B-PER"]]).value
        'iob1'
        >>> detect_scheme([["DET", "NOUN"]]).value
        'none'
    """
    prefixes: set[str] = set()
    num_first = {"B": 0, "I": 0}
    for labels in sentences:
        type_before = None
        for label in labels:
            if _SPAN_LABEL.fullmatch(label) is None:
                return Scheme.NONE
            prefix, type = split_label(label)
            prefixes.add(prefix)
            if prefix in num_first and type != type_before:
                num_first[prefix] += 1
            type_before = None if prefix == OUTSIDE else type
    return _scheme_of(prefixes, is_iob1=num_first["I"] > num_first["B"])


def misplaced_label(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the first label that is not of a span, if another one is; else None.

    Args:
        sentences: The labels of each sentence.

    Example:
        >>> misplaced_label([["O", "B-PER"], ["NOUN"]])
        'NOUN'
    """
    labels = list(dict.fromkeys(label for each in sentences for label in each))
    if not any(_TYPED_LABEL.fullmatch(label) for label in labels):
        return None
    return next((label for label in labels if _SPAN_LABEL.fullmatch(label) is None), None)


def _scheme_of(prefixes: set[str], *, is_iob1: bool) -> Scheme:
    has_bioes, has_bilou = bool(prefixes & {"E", "S"}), bool(prefixes & {"L", "U"})
    if prefixes <= {OUTSIDE} or (has_bioes and has_bilou):
        return Scheme.NONE
    if has_bioes or has_bilou:
        return Scheme.BIOES if has_bioes else Scheme.BILOU
    return Scheme.IOB1 if is_iob1 else Scheme.IOB2


def convert_labels(labels: Sequence[str], scheme: Scheme) -> list[str]:
    """Return labels that express the same spans in a scheme.

    Args:
        labels: Labels in any scheme, malformed ones included; the spans are those of `find_spans`.
            Labels that are not of a span, such as parts of speech, are unchanged.
        scheme: The scheme of the result; with `none` the labels are unchanged.

    Example:
        >>> convert_labels(["I-PER", "I-PER", "B-PER", "O"], Scheme.BIOES)
        ['B-PER', 'E-PER', 'S-PER', 'O']
    """
    if scheme is Scheme.NONE:
        return list(labels)
    prefixes = _PREFIXES[scheme]
    converted = [OUTSIDE if _SPAN_LABEL.fullmatch(label) else label for label in labels]
    before = (-1, "")
    for start, end, type in find_spans(labels):
        converted[start:end] = [_label(prefixes.inside, type)] * (end - start)
        converted[end - 1] = _label(prefixes.last, type)
        converted[start] = _label(prefixes.single if end - start == 1 else prefixes.first, type)
        if scheme is Scheme.IOB1 and (start, type) == before:
            converted[start] = _label("B", type)
        before = (end, type)
    return converted


def _label(prefix: str, type: str) -> str:
    return f"{prefix}-{type}" if type else prefix


def scheme_labels(types: Iterable[str], scheme: Scheme) -> list[str]:
    """Return all labels of a scheme: `O`, and each prefix with each type.

    With these labels, sentences of every length have an allowed label sequence.

    Args:
        types: Types of spans.
        scheme: A scheme, not `none`.

    Example:
        >>> scheme_labels(["PER"], Scheme.BIOES)
        ['O', 'B-PER', 'I-PER', 'E-PER', 'S-PER']
    """
    each = _PREFIXES[scheme]
    prefixes = dict.fromkeys(["B", each.inside, each.last, each.single])
    return [OUTSIDE, *(_label(prefix, type) for type in types for prefix in prefixes)]


def scheme_constraints(labels: Sequence[str], scheme: Scheme) -> Constraints:
    """Return which label sequences are well-formed in a scheme.

    Args:
        labels: The labels, in the order of their ids.
        scheme: The scheme; with `none` everything is allowed.

    Example:
        >>> constraints = scheme_constraints(["O", "B-PER", "I-PER"], Scheme.IOB2)
        >>> constraints.starts.tolist()
        [True, True, False]
        >>> constraints.transitions[0].tolist()
        [True, True, False]
    """
    pairs = [[_may_follow(before, label, scheme) for label in labels] for before in labels]
    return Constraints(
        starts=torch.tensor([_may_follow(OUTSIDE, label, scheme) for label in labels]),
        ends=torch.tensor([_may_follow(label, OUTSIDE, scheme) for label in labels]),
        transitions=torch.tensor(pairs),
    )


def _may_follow(before: str, label: str, scheme: Scheme) -> bool:
    """Return whether a label may follow another one; both ends of a sentence are like `O`."""
    if scheme is Scheme.NONE:
        return True
    (prefix_before, type_before), (prefix, type) = split_label(before), split_label(label)
    is_same_span_type = prefix_before != OUTSIDE and type == type_before
    if scheme is Scheme.IOB1:
        return prefix != "B" or is_same_span_type
    if scheme is Scheme.IOB2:
        return prefix != "I" or is_same_span_type
    continues = prefix in ("I", _PREFIXES[scheme].last)
    if prefix_before in ("B", "I"):
        return continues and is_same_span_type
    return not continues
