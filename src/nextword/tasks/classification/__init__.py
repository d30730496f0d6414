"""Classification of texts: files, network, training, prediction and evaluation."""

from nextword.tasks.classification.classifier import (
    ClassifiedText,
    Classifier,
    load_classifier,
)
from nextword.tasks.classification.config import (
    ClassificationConfig,
    ClassificationRunConfig,
    NgramsConfig,
)
from nextword.tasks.classification.evaluation import (
    ClassificationScores,
    classified_rows,
    evaluate_classifier,
)
from nextword.tasks.classification.files import ColumnsConfig, TextRow, read_rows
from nextword.tasks.classification.train import train_classifier

__all__ = [
    "ClassificationConfig",
    "ClassificationRunConfig",
    "ClassificationScores",
    "ClassifiedText",
    "Classifier",
    "ColumnsConfig",
    "NgramsConfig",
    "TextRow",
    "classified_rows",
    "evaluate_classifier",
    "load_classifier",
    "read_rows",
    "train_classifier",
]
