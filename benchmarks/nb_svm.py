"""Measure an NB-SVM on labelled texts, and compare classifiers of nextword with it.

The NB-SVM is a linear support vector machine on the n-grams of each text (present or not), scaled
by their naive-Bayes log-count ratios and interpolated with the mean weight. C and the interpolation
are chosen on the validation file. Two labels only. Needs the extra `sklearn`.

The intervals are bootstrap intervals at 95 %. The difference is that of the accuracies on the same
test texts. Results of several runs (seeds) are also averaged.

    python benchmarks/nb_svm.py train.tsv --valid dev.tsv --test test.tsv --model runs/reviews

Source: [wang2012] in docs/references.md.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from nextword.tasks.classification import (
    ColumnsConfig,
    TextRow,
    classified_rows,
    load_classifier,
    read_rows,
)
from nextword.tasks.metrics import accuracy_metric, bootstrap_difference, bootstrap_interval

PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
INTERPOLATIONS = (0.25, 0.5, 1.0)


class NbSvm:
    """An NB-SVM for two labels.

    `penalty` is C of the support vector machine, `interpolation` the share of its own weights; the
    rest is their mean magnitude.
    """

    def __init__(self, rows: Sequence[TextRow], *, order: int) -> None:
        self.labels = sorted({row.labels[0] for row in rows})
        if len(self.labels) != 2:
            raise SystemExit(f"the training file has {len(self.labels)} labels; 2 are needed.")
        self._vectorizer = CountVectorizer(
            token_pattern=r"\S+", ngram_range=(1, order), binary=True, dtype=np.float64
        )
        features = self._vectorizer.fit_transform(row.text for row in rows)
        self._targets = np.array([row.labels[0] == self.labels[1] for row in rows])
        counts = [1.0 + features[part].sum(0) for part in (self._targets, ~self._targets)]
        shares = [np.asarray(each / each.sum()).ravel() for each in counts]
        self._ratios = sparse.diags(np.log(shares[0] / shares[1]))
        self._features = features @ self._ratios

    def fit(self, penalty: float) -> None:
        """Fit the support vector machine."""
        machine = LinearSVC(C=penalty, random_state=0, max_iter=5000).fit(
            self._features, self._targets
        )
        self._weights, self._bias = machine.coef_.ravel(), machine.intercept_[0]

    def is_right(self, rows: Sequence[TextRow], *, interpolation: float) -> np.ndarray:
        """Return whether the prediction for each text is right."""
        mean = np.abs(self._weights).mean()
        weights = (1.0 - interpolation) * mean + interpolation * self._weights
        features = self._vectorizer.transform(row.text for row in rows) @ self._ratios
        predicted = (features @ weights + self._bias > 0.0).astype(int)
        return np.array(
            [
                self.labels[number] == row.labels[0]
                for number, row in zip(predicted, rows, strict=True)
            ]
        )


def measure_nb_svm(
    train: Sequence[TextRow], valid: Sequence[TextRow], test: Sequence[TextRow], *, order: int
) -> tuple[dict[str, Any], np.ndarray]:
    """Choose C and the interpolation on the validation texts, and measure on the test texts."""
    machine = NbSvm(train, order=order)
    found = []
    for penalty in PENALTIES:
        machine.fit(penalty)
        for interpolation in INTERPOLATIONS:
            accuracy = machine.is_right(valid, interpolation=interpolation).mean()
            found.append((float(accuracy), penalty, interpolation))
    accuracy, penalty, interpolation = max(found, key=lambda each: each[0])
    machine.fit(penalty)
    right = machine.is_right(test, interpolation=interpolation)
    chosen = {"C": penalty, "interpolation": interpolation, "valid_accuracy": accuracy}
    return {"order": order, **chosen, "test": interval(right)}, right


def interval(right: np.ndarray) -> dict[str, Any]:
    """Return the accuracy with its bootstrap interval."""
    return bootstrap_interval(
        accuracy_metric(right), num_items=len(right), num_samples=10_000
    ).to_dict()


def measure_model(name: str, test: Sequence[TextRow]) -> np.ndarray:
    """Return whether the prediction of a classifier of nextword for each text is right."""
    classifier = load_classifier(Path(name))
    return np.array(
        [row.labels == found.labels for row, found in classified_rows(classifier, test)]
    )


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("train", nargs="+")
    parser.add_argument("--valid", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--order", type=int, default=2, help="longest n-grams of words")
    parser.add_argument("--model", action="append", default=[], help="run of nextword classify")
    arguments = parser.parse_args()
    files = (arguments.train, [arguments.valid], [arguments.test])
    train, valid, test = (list(read_rows(each, ColumnsConfig())) for each in files)
    svm, svm_right = measure_nb_svm(train, valid, test, order=arguments.order)
    result: dict[str, Any] = {"num_test": len(test), "nb_svm": svm, "models": []}
    rights = []
    for name in arguments.model:
        rights.append(measure_model(name, test))
        result["models"].append({"model": name, **compared(rights[-1], svm_right)})
    if len(rights) > 1:
        result["mean_of_models"] = mean_difference(rights, svm_right)
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


def compared(right: np.ndarray, svm_right: np.ndarray) -> dict[str, Any]:
    """Return the accuracy of a model, and its difference to the NB-SVM, with intervals."""
    difference = bootstrap_difference(
        accuracy_metric(right),
        accuracy_metric(svm_right),
        num_items=len(right),
        num_samples=10_000,
    )
    return {"test": interval(right), "minus_nb_svm": difference.to_dict()}


def mean_difference(rights: Sequence[np.ndarray], svm_right: np.ndarray) -> dict[str, Any]:
    """Return the mean accuracy of several models, and its difference to the NB-SVM."""
    share = np.mean(rights, axis=0)
    difference = bootstrap_difference(
        lambda counts: float(counts @ share / counts.sum()),
        accuracy_metric(svm_right),
        num_items=len(svm_right),
        num_samples=10_000,
    )
    return {"accuracy": float(share.mean()), "minus_nb_svm": difference.to_dict()}


if __name__ == "__main__":
    main()
