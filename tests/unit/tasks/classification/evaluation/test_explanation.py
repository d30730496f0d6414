"""Values of words for a prediction."""

import pytest
import torch

from classifiers import new_classifier
from nextword.tasks.classification import explain

NGRAMS = {"words": 2, "characters": 3, "table_size": 500}


def test_attention_weights_sum_to_one() -> None:
    classifier = new_classifier(classification={"pooling": "attention"})

    found = explain(classifier, "a lovely film")

    assert found.kind == "attention"
    assert sum(found.values) == pytest.approx(1.0, abs=1e-6)
    assert min(found.values) > 0.0


def test_contributions_are_gradient_times_input() -> None:
    classifier = new_classifier()
    batch = classifier.reader.batch([["dull", "film"]])
    model = classifier.model
    inputs = model.encoder.embed(batch.tokens).detach()

    def margin(scale: float, place: int) -> float:
        changed = inputs.clone()
        changed[0, place] *= scale
        logits = model.score(model.encoder.encode(changed, batch.tokens.lengths), batch)[0]
        return (logits[1] - logits.mean()).item()

    found = explain(classifier, "dull film", label="pos")

    for place, value in enumerate(found.values):
        # The derivative of the score with respect to a factor of the input.
        slope = (margin(1.01, place) - margin(0.99, place)) / 0.02
        assert value == pytest.approx(slope, abs=2e-3)


def test_contributions_include_what_the_ngrams_of_a_word_add() -> None:
    classifier = new_classifier(ngrams=NGRAMS)
    features, hasher = classifier.model.ngrams, classifier.reader.hasher
    assert features is not None
    assert hasher is not None
    without = explain(classifier, "dull film", label="neg")
    (only_dull,) = (
        set(hasher.slots(["dull", "film"]))
        - set(hasher.slots(["film"]))
        - set(hasher.slots(["dull"]))
    )
    with torch.no_grad():
        features.weight[only_dull, 0] += 2.0

    found = explain(classifier, "dull film", label="neg")

    # The bigram belongs to both words; its weight exceeds the mean of the two labels by 1.
    assert [a - b for a, b in zip(found.values, without.values, strict=True)] == pytest.approx(
        [1.0, 1.0], abs=1e-5
    )


@pytest.mark.parametrize("pooling", ["max", "attention"])
def test_explanation_of_no_words_is_empty(pooling: str) -> None:
    found = explain(new_classifier(classification={"pooling": pooling}), "")

    assert (found.words, found.values) == ((), ())


def test_explanation_refuses_an_unknown_label() -> None:
    with pytest.raises(KeyError, match="other"):
        explain(new_classifier(), "a film", label="other")
