"""Weights of n-grams, and their naive-Bayes values."""

import numpy as np
import pytest
import torch

from nextword.layers import sparse_parameters
from nextword.tasks.classification.network.ngram_features import NgramBatch, NgramFeatures

TEXTS = [np.array([0, 2]), np.array([1]), np.array([], dtype=np.int64), np.array([0, 1])]


def features_of(num_labels: int = 2, **settings: float) -> NgramFeatures:
    torch.manual_seed(1)
    features = NgramFeatures(table_size=6, num_labels=num_labels, **settings)
    torch.nn.init.normal_(features.weight)
    return features


def test_scores_are_sums_of_the_weights_of_each_text() -> None:
    features = features_of(3)

    scores = features(NgramBatch.of(TEXTS))

    for row, slots in zip(scores, TEXTS, strict=True):
        torch.testing.assert_close(row, features.weight[slots].sum(0))


def test_gradient_is_sparse_and_that_of_the_sums() -> None:
    features = features_of()

    features(NgramBatch.of(TEXTS))[:, 1].sum().backward()

    assert features.weight.grad is not None
    assert features.weight.grad.is_sparse
    expected = torch.zeros(6, 2)
    expected[:3, 1] = torch.tensor([2.0, 2.0, 1.0])
    torch.testing.assert_close(features.weight.grad.to_dense(), expected)


def test_weights_are_updated_as_a_sparse_table() -> None:
    features = features_of()

    assert sparse_parameters(torch.nn.Sequential(features)) == (features.weight,)


def test_naive_bayes_of_two_labels_differs_by_the_log_count_ratio() -> None:
    features = features_of()
    features.set_naive_bayes(TEXTS, [[0], [1], [1], [0]], scale=1.0, multi_label=False)

    # Counts with 1 added: label 0 has n-grams 3, 2, 2, 1, 1, 1 times, label 1 has 1, 2, 1, 1, 1, 1.
    ratio = np.log([(3 / 10) / (1 / 7), (2 / 10) / (2 / 7), (2 / 10) / (1 / 7)])
    difference = (features.weight[:3, 0] - features.weight[:3, 1]).detach()
    np.testing.assert_allclose(difference, ratio, rtol=1e-6)
    torch.testing.assert_close(features.weight.sum(1), torch.zeros(6))


def test_naive_bayes_is_zero_for_unseen_ngrams() -> None:
    features = features_of()

    features.set_naive_bayes(TEXTS, [[0], [1], [1], [0]], scale=1.0, multi_label=False)

    assert features.weight[3:].eq(0.0).all()


def test_naive_bayes_of_several_labels_compares_texts_with_and_without_each() -> None:
    features = features_of()
    features.set_naive_bayes(TEXTS, [[0, 1], [], [1], [0]], scale=0.5, multi_label=True)

    # Label 0: texts 1 and 4 have it. N-gram 0 occurs 2 times with it and 0 times without it.
    ratio = 0.5 * np.log((3 / 10) / (1 / 7))
    assert features.weight[0, 0].item() == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("setting", ["dropout", "text_dropout"])
def test_dropout_changes_scores_in_training_only(setting: str) -> None:
    features, batch = features_of(**{setting: 0.5}), NgramBatch.of(TEXTS)
    plain = features_of()(batch)

    assert features.eval()(batch).equal(plain)
    torch.manual_seed(1)
    scores = torch.stack([features.train()(batch) for _ in range(200)])
    assert not scores[0].equal(scores[1])
    kept = scores.ne(0.0).any(2).float().mean(0)
    assert kept[2] == 0.0
    if setting == "text_dropout":
        # A text keeps all of its n-grams, or none.
        assert ((scores == plain).all(2) | scores.eq(0.0).all(2)).all()
        assert kept[0].item() == pytest.approx(0.5, abs=0.12)
    else:
        assert scores[:, 1].mean(0).tolist() == pytest.approx(plain[1].tolist(), abs=0.5)
