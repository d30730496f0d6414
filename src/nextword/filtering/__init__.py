"""Filtering of corpora: scores and buckets of the documents of many files of JSON lines.

Knows models and files; knows nothing of the command line.
"""

from nextword.filtering.buckets import BUCKETS, Bucket, bucket_of, quantile_thresholds
from nextword.filtering.ccnet import CcnetScore, CcnetScorer
from nextword.filtering.run import LoadScorer, RunShards, ShardWork, filter_files
from nextword.filtering.scoring import DocumentScore, DocumentScorer, document_scores
from nextword.filtering.settings import (
    DEFAULT_QUANTILES,
    DEFAULT_SAMPLE,
    FIGURES,
    STYLES,
    FilterSettings,
)
from nextword.filtering.summary import FilterResult, ShardSummary

__all__ = [
    "BUCKETS",
    "DEFAULT_QUANTILES",
    "DEFAULT_SAMPLE",
    "FIGURES",
    "STYLES",
    "Bucket",
    "CcnetScore",
    "CcnetScorer",
    "DocumentScore",
    "DocumentScorer",
    "FilterResult",
    "FilterSettings",
    "LoadScorer",
    "RunShards",
    "ShardSummary",
    "ShardWork",
    "bucket_of",
    "document_scores",
    "filter_files",
    "quantile_thresholds",
]
