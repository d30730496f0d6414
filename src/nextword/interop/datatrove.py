"""A filter for pipelines of datatrove that scores documents with any nextword model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nextword.base import MissingExtraError, require_count
from nextword.filtering import CcnetScorer, DocumentScorer, FilterSettings
from nextword.interop.loading import load_stored

try:
    from datatrove.pipeline.filters.base_filter import BaseFilter as _Base
except ImportError:
    _Base = object

_KEPT = ("head", "middle")
_BATCH_SIZE = 256


class PerplexityFilter(_Base):
    """Writes the perplexity and the bucket of documents into their metadata, and filters by them.

    The values are those of `nextword filter`. The model is loaded when the first document is
    scored, in each process.

    Args:
        model: A run folder, a model folder, an ARPA file, or `hf:NAME`.
        thresholds: The ends of the buckets `head` and `middle`.
        keep: Buckets whose documents are kept; the others go to `exclusion_writer`. All buckets
            annotate the documents only.
        style: `ccnet` for the perplexity that CCNet writes, `nextword` for all values of
            `nextword filter`.
        by: The figure that is compared with the thresholds.
        prefix: Text in front of the names in the metadata.
        exclusion_writer: A writer of datatrove for the documents that are not kept.
        batch_size: Number of documents that are scored together.
        device: Device of the model's parameters.

    Raises:
        ConfigError: A setting is unknown or out of range.
        MissingExtraError: datatrove is not installed.

    Example:
        `PerplexityFilter("runs/wikipedia", (200, 600))` after a reader of datatrove.
    """

    name = "nextword perplexity"

    def __init__(
        self,
        model: str | Path,
        thresholds: Sequence[float],
        *,
        keep: Sequence[str] = _KEPT,
        style: str = "ccnet",
        by: str = "perplexity",
        prefix: str = "",
        exclusion_writer: Any = None,
        batch_size: int = _BATCH_SIZE,
        device: str = "cpu",
    ) -> None:
        if _Base is object:
            raise MissingExtraError(
                "the class PerplexityFilter needs datatrove, which is not installed.",
                help="pip install datatrove",
            )
        require_count("batch_size", batch_size, low=1)
        super().__init__(exclusion_writer, batch_size)
        # The checks are those of the command.
        self._settings = FilterSettings(
            thresholds=tuple(thresholds), keep=tuple(keep), style=style, by=by, prefix=prefix
        )
        self._model, self._device = str(model), device
        self._scorer: DocumentScorer | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what other processes are given: all but the model."""
        return {**self.__dict__, "_scorer": None}

    def filter(self, doc: Any) -> Any:
        """Return whether a document is kept, or False and its bucket."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: Sequence[Any]) -> list[Any]:
        """Score documents, write the values into their metadata, and return which are kept."""
        scorer, settings = self._loaded(), self._settings
        scores = scorer.score([scorer.encode(doc.text, name=str(doc.id)) for doc in batch])
        found: list[Any] = []
        for doc, score in zip(batch, scores, strict=True):
            bucket = score.bucket(settings.thresholds or (), by=settings.by)
            values = {**score.to_dict(), "bucket": bucket}
            doc.metadata |= {settings.prefix + name: value for name, value in values.items()}
            found.append(True if bucket in settings.keep else (False, bucket))
        return found

    def _loaded(self) -> DocumentScorer:
        if self._scorer is None:
            stored = load_stored(self._model, device=self._device)
            kind = CcnetScorer if self._settings.style == "ccnet" else DocumentScorer
            self._scorer = kind(stored.model, stored.tokenizer)
        return self._scorer
