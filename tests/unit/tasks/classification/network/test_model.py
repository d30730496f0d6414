"""The network of a classifier: batches, losses and probabilities."""

import pytest
import torch

from classifiers import made_rows, new_classifier
from nextword.tasks.classification.network.model import ClassificationModel
from nextword.tasks.classification.network.pooling import POOLINGS

TEXTS = ["a lovely film", "", "dull", "the plot was a great and moving story with a film " * 3]
NGRAMS = {"words": 2, "characters": 4, "table_size": 999, "naive_bayes": 0.5}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_probabilities_do_not_depend_on_the_batch(pooling: str) -> None:
    classifier = new_classifier(classification={"pooling": pooling}, ngrams=NGRAMS)

    together = list(classifier.classify_texts(TEXTS))

    for text, found in zip(TEXTS, together, strict=True):
        assert classifier.classify(text) == pytest.approx(found, abs=1e-6)


def test_probabilities_of_single_labels_sum_to_one() -> None:
    assert sum(new_classifier().classify("a film").values()) == pytest.approx(1.0, abs=1e-6)


def logits_and_model(
    *, multi_label: bool, **settings: object
) -> tuple[ClassificationModel, torch.Tensor, object]:
    classifier = new_classifier(classification={"multi_label": multi_label, "dropout": 0.0})
    model = classifier.model
    for name, value in settings.items():
        setattr(model, name, value)
    batch = classifier.reader.batch([["a", "film"], ["dull"]])
    return model, model(batch), batch


def test_loss_is_the_weighted_cross_entropy_summed_over_texts() -> None:
    model, logits, batch = logits_and_model(
        multi_label=False, class_weights=torch.tensor([1.0, 3.0])
    )

    loss = model.loss(batch, torch.tensor([0, 1]))

    log_probs = logits.log_softmax(1)
    assert loss.item() == pytest.approx(-(log_probs[0, 0] + 3 * log_probs[1, 1]).item(), rel=1e-5)


def test_loss_of_several_labels_is_that_of_each_label() -> None:
    model, logits, batch = logits_and_model(multi_label=True, label_smoothing=0.1)

    loss = model.loss(batch, torch.tensor([[1.0, 0.0], [1.0, 1.0]]))

    targets = torch.tensor([[0.95, 0.05], [0.95, 0.95]])
    probs = logits.sigmoid()
    expected = -(targets * probs.log() + (1 - targets) * (1 - probs).log()).sum()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_several_labels_are_predicted_from_the_threshold() -> None:
    rows = made_rows(30)
    classifier = new_classifier(rows, classification={"multi_label": True, "threshold": 0.001})

    (found,) = classifier.predict(["a film"])

    assert set(found.labels) == {"neg", "pos"}
    assert list(found.probabilities) == list(found.labels)
