"""The labels of a CRF as the settings of the transformers class: tags inside it, labels outside."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextword.base import ConfigError, Values
from nextword.tasks.tagging import TaggerParts
from nextword.tasks.tagging.labels import Scheme, convert_labels

_NOT_ALLOWED = -1
#: Schemes that need the label after a word, to know whether it is the last of a span.
_WITH_LAST = (Scheme.BIOES, Scheme.BILOU)


@dataclass(frozen=True, kw_only=True)
class ExportedLabels:
    """The labels of a tagger.

    Attributes:
        labels: The labels by their ids.
        settings: Settings of the CRF: which label a tag has after each tag.
    """

    labels: tuple[str, ...]
    settings: Values


def exported_labels(parts: TaggerParts) -> ExportedLabels:
    """Return the labels that the transformers class predicts: those of the training files.

    Args:
        parts: The parts of a tagger.

    Raises:
        ConfigError: The labels of files do not follow from scores of single labels.
    """
    tags, codec = parts.labels.labels, parts.codec
    is_crf = parts.config.decoder == "crf"
    settings: Values = {"num_tags": len(tags)} if is_crf else {}
    if codec.scheme is Scheme.NONE:
        return ExportedLabels(labels=tags, settings=settings)
    if not is_crf:
        raise ConfigError(
            "this tagger predicts each span label on its own (tagging.decoder is 'softmax') and "
            "repairs the spans of the sentence afterwards, which logits of single words cannot "
            "express.",
            help="Train it with tagging.decoder=crf, or with tagging.scheme=none.",
        )
    if codec.file_scheme in _WITH_LAST and codec.scheme not in _WITH_LAST:
        raise ConfigError(
            f"this tagger has {codec.scheme.value} labels inside and {codec.file_scheme.value} "
            "labels in files, where the label of a word depends on the next one; logits of single "
            "words cannot express that.",
            help="Train it with tagging.scheme=bioes.",
        )
    constraints = codec.constraints(tags)
    assert constraints is not None
    pairs = [
        [
            _label(before, tag, codec.scheme, codec.file_scheme) if is_allowed else None
            for tag, is_allowed in zip(tags, row, strict=True)
        ]
        for before, row in zip(
            [*tags, None],
            [*constraints.transitions.tolist(), constraints.starts.tolist()],
            strict=True,
        )
    ]
    labels = sorted({label for row in pairs for label in row if label is not None})
    numbers: dict[str | None, int] = {label: number for number, label in enumerate(labels)}
    settings["pair_labels"] = [[numbers.get(label, _NOT_ALLOWED) for label in row] for row in pairs]
    settings["end_tags"] = constraints.ends.int().tolist()
    return ExportedLabels(labels=tuple(labels), settings=settings)


def _label(before: str | None, tag: str, scheme: Scheme, file_scheme: Scheme) -> str:
    """Return the label in files of a tag after another one, from a short well-formed sentence."""
    sentence = [*_opened(before), *([] if before is None else [before])]
    place = len(sentence)
    sentence += [tag, *_closed(tag, scheme)]
    return convert_labels(sentence, file_scheme)[place]


def _opened(tag: str | None) -> Sequence[str]:
    """Return the label before one that continues a span."""
    if tag is None or tag.partition("-")[0] not in ("I", "E"):
        return ()
    return (_with_prefix(tag, "B"),)


def _closed(tag: str, scheme: Scheme) -> Sequence[str]:
    """Return the label after one whose span goes on."""
    if scheme is not Scheme.BIOES or tag.partition("-")[0] not in ("B", "I"):
        return ()
    return (_with_prefix(tag, "E"),)


def _with_prefix(tag: str, prefix: str) -> str:
    return prefix + tag[1:]
