"""Settings of a filtering, as the folder of the results records them."""

import json
from dataclasses import dataclass

from nextword.base import ConfigError, Values, did_you_mean, require, require_range
from nextword.filtering.buckets import ALL_BUCKETS, BUCKETS, check_quantiles, check_thresholds
from nextword.text import DEFAULT_FIELD

#: The figures that buckets can be chosen by.
FIGURES = ("perplexity", "perplexity_per_word", "bits_per_byte")
#: As many documents in each bucket.
DEFAULT_QUANTILES = (1 / 3, 2 / 3)
DEFAULT_SAMPLE = 10_000

#: Names of the values that are added to a record, in order.
_ADDED = (
    "nll",
    "num_tokens",
    "num_unknown",
    "perplexity",
    "perplexity_per_word",
    "bits_per_byte",
    "bucket",
)


#: How the figures are computed and written, with the names that are added to a record.
STYLES: dict[str, tuple[str, ...]] = {"nextword": _ADDED, "ccnet": ("perplexity", "bucket")}


@dataclass(frozen=True, kw_only=True)
class FilterSettings:
    """Settings of a filtering.

    Attributes:
        field: Key of the text in each record.
        by: The figure that buckets are chosen by.
        thresholds: The largest figure of `head`, and that of `middle`; None to use quantiles.
        quantiles: Shares of the sample in `head`, and in `head` and `middle` together.
        sample: Number of documents in the sample for the quantiles, at least 1.
        keep: Buckets whose records are written.
        prefix: Text in front of the names of added values.
        skips_bad: Whether bad records are counted and left out; otherwise they are an error.
        style: `nextword`, or `ccnet` for the figures of CCNet.

    Raises:
        ConfigError: A value is out of range or unknown.
    """

    field: str = DEFAULT_FIELD
    by: str = "perplexity"
    thresholds: tuple[float, ...] | None = None
    quantiles: tuple[float, ...] = DEFAULT_QUANTILES
    sample: int = DEFAULT_SAMPLE
    keep: tuple[str, ...] = ALL_BUCKETS
    prefix: str = ""
    skips_bad: bool = False
    style: str = "nextword"

    def __post_init__(self) -> None:
        if self.by not in FIGURES:
            raise ConfigError(f"by is {self.by!r}.", help=did_you_mean(self.by, FIGURES))
        if self.style not in STYLES:
            raise ConfigError(f"style is {self.style!r}.", help=did_you_mean(self.style, STYLES))
        require(
            self.by in STYLES[self.style],
            f"by is {self.by!r}, but records in the style {self.style} have no such value.",
            help="Use by=perplexity.",
        )
        if not self.keep:
            raise ConfigError("no bucket is kept.", help=f"Keep some of {', '.join(BUCKETS)}.")
        for bucket in self.keep:
            if bucket not in ALL_BUCKETS:
                raise ConfigError(
                    f"there is no bucket {bucket!r}.", help=did_you_mean(bucket, ALL_BUCKETS)
                )
        require_range("sample", self.sample, low=1)
        check_quantiles(self.quantiles)
        if self.thresholds is not None:
            check_thresholds(self.thresholds)
        try:
            (self.prefix + self.field).encode("utf-8")
        except UnicodeEncodeError as error:
            raise ConfigError(
                "the text field or the prefix is not UTF-8.", help="Give another name."
            ) from error

    @property
    def _buckets(self) -> tuple[str, ...]:
        return BUCKETS if self.style == "nextword" else ALL_BUCKETS

    @property
    def added_names(self) -> tuple[str, ...]:
        """Names of the values that are added to a record."""
        return tuple(self.prefix + name for name in STYLES[self.style])

    def to_dict(self) -> Values:
        """Return the settings that results depend on, as JSON values."""
        values = {
            "field": self.field,
            "by": self.by,
            "thresholds": self.thresholds,
            "quantiles": self.quantiles if self.thresholds is None else None,
            "sample": self.sample if self.thresholds is None else None,
            "keep": [bucket for bucket in self._buckets if bucket in self.keep],
            "prefix": self.prefix,
            "skips_bad": self.skips_bad,
            # Folders of earlier versions have no style.
            "style": None if self.style == "nextword" else self.style,
        }
        found: Values = json.loads(json.dumps(values))
        return found
