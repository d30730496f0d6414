"""Metrics of predicted labels, for taggers and classifiers. Knows no models and no files."""

from nextword.tasks.metrics.bootstrap import (
    BootstrapInterval,
    ItemCounts,
    Metric,
    accuracy_metric,
    bootstrap_difference,
    bootstrap_interval,
    macro_f1_metric,
    micro_f1_metric,
)
from nextword.tasks.metrics.calibration import Calibration, CalibrationCounts, ReliabilityBin
from nextword.tasks.metrics.confusion import ConfusionMatrix
from nextword.tasks.metrics.labels import LabelCounts, LabelScore, LabelScores, MultiLabelCounts

__all__ = [
    "BootstrapInterval",
    "Calibration",
    "CalibrationCounts",
    "ConfusionMatrix",
    "ItemCounts",
    "LabelCounts",
    "LabelScore",
    "LabelScores",
    "Metric",
    "MultiLabelCounts",
    "ReliabilityBin",
    "accuracy_metric",
    "bootstrap_difference",
    "bootstrap_interval",
    "macro_f1_metric",
    "micro_f1_metric",
]
