"""The labels of files, and the labels inside a model, which may have another scheme of spans."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from nextword.base import ConfigError, FormatError, Values, decode, encode
from nextword.tasks.tagging.config import TaggingConfig
from nextword.tasks.tagging.crf import Constraints
from nextword.tasks.tagging.labels.schemes import (
    Scheme,
    convert_labels,
    detect_scheme,
    misplaced_label,
    scheme_constraints,
    scheme_labels,
)
from nextword.tasks.tagging.labels.spans import OUTSIDE, split_label

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LabelCodec:
    """Converts the labels of files to those inside a model, and back.

    Attributes:
        file_scheme: Scheme of the training files; `none` if their labels are not spans.
        scheme: Scheme inside the model; `none` if the labels are used as they are.
        file_labels: The labels of the training files, sorted.
    """

    file_scheme: Scheme
    scheme: Scheme
    file_labels: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], *, scheme: str) -> "LabelCodec":
        """Return the codec for the labels of training data.

        Args:
            sentences: The labels of each sentence.
            scheme: `tagging.scheme`; `auto` chooses `bioes` if the labels are spans.

        Raises:
            ConfigError: A scheme is asked for, but the labels are not spans.
        """
        found = detect_scheme(sentences)
        file_labels = tuple(sorted({label for labels in sentences for label in labels}))
        if scheme == "auto":
            if found is Scheme.NONE:
                _warn_of_misplaced_label(sentences)
            inside = Scheme.NONE if found is Scheme.NONE else Scheme.BIOES
        else:
            inside = Scheme(scheme)
        if inside is not Scheme.NONE and found is Scheme.NONE:
            other = next(
                (label for label in file_labels if label[:2] not in {"B-", "I-"}), file_labels[0]
            )
            raise ConfigError(
                f"tagging.scheme is {scheme!r}, but the labels are not spans; one is {other!r}.",
                help="Leave tagging.scheme out, or choose another --column.",
            )
        return cls(file_scheme=found, scheme=inside, file_labels=file_labels)

    @property
    def has_spans(self) -> bool:
        """Whether the labels are spans, whose F1 can be computed."""
        return self.file_scheme is not Scheme.NONE

    def inside_labels(self) -> tuple[str, ...]:
        """Return the labels inside the model."""
        if self.scheme is Scheme.NONE:
            return self.file_labels
        types = sorted({split_label(label)[1] for label in self.file_labels if label != OUTSIDE})
        return tuple(scheme_labels(types, self.scheme))

    def encode(self, labels: Sequence[str]) -> list[str]:
        """Return the labels inside the model for those of a sentence in a file."""
        return convert_labels(labels, self.scheme)

    def decode(self, labels: Sequence[str]) -> list[str]:
        """Return the labels of a sentence as files have them, for those inside the model."""
        if self.scheme is Scheme.NONE:
            return list(labels)
        return convert_labels(labels, self.file_scheme)

    def in_file_scheme(self, labels: Sequence[str]) -> list[str]:
        """Return the labels of a sentence in the scheme of the training files."""
        return convert_labels(labels, self.file_scheme) if self.has_spans else list(labels)

    def constraints(self, labels: Sequence[str]) -> Constraints | None:
        """Return which sequences of labels inside the model are well-formed; None for all.

        Args:
            labels: The labels inside the model, in the order of their ids.
        """
        return None if self.scheme is Scheme.NONE else scheme_constraints(labels, self.scheme)

    def resolve(self, config: TaggingConfig) -> TaggingConfig:
        """Return the settings with the scheme inside the model in place of `auto`."""
        return decode(
            TaggingConfig, {**encode(config), "scheme": self.scheme.value}, source="settings"
        )

    def to_values(self) -> Values:
        """Return the codec as JSON values."""
        return {
            "file_scheme": self.file_scheme.value,
            "scheme": self.scheme.value,
            "file_labels": list(self.file_labels),
        }

    @classmethod
    def from_values(cls, values: Values) -> "LabelCodec":
        """Return the codec from the values that `to_values` returned.

        Raises:
            FormatError: They are damaged.
        """
        try:
            return cls(
                file_scheme=Scheme(values["file_scheme"]),
                scheme=Scheme(values["scheme"]),
                file_labels=tuple(map(str, values["file_labels"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                f"the label scheme is damaged: {type(error).__name__} {error}.",
                help="Copy the model folder again.",
            ) from error


def _warn_of_misplaced_label(sentences: Sequence[Sequence[str]]) -> None:
    """Warn if one label keeps the others from being read as spans."""
    label = misplaced_label(sentences)
    if label is None:
        return
    number = next(n for n, labels in enumerate(sentences, start=1) if label in labels)
    _logger.warning(
        "sentence %s has the label %r, so the labels are not read as spans, and there is no F1 of "
        "spans; if that is wrong, mend it",
        f"{number:,}",
        label,
    )
