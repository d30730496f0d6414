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
    WordValues,
    classified_rows,
    evaluate_classifier,
    explain,
    measure_classifier,
    write_evaluation_report,
)
from nextword.tasks.classification.files import ColumnsConfig, TextRow, read_rows
from nextword.tasks.classification.train import classification_job, train_classifier

__all__ = [
    "ClassificationConfig",
    "ClassificationRunConfig",
    "ClassificationScores",
    "ClassifiedText",
    "Classifier",
    "ColumnsConfig",
    "NgramsConfig",
    "TextRow",
    "WordValues",
    "classification_job",
    "classified_rows",
    "evaluate_classifier",
    "explain",
    "load_classifier",
    "measure_classifier",
    "read_rows",
    "train_classifier",
    "write_evaluation_report",
]
