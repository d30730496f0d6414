import pytest
import torch

from fakes import ConstantModel
from families import CASES
from nextword.base import MismatchError
from nextword.families import MixtureLanguageModel, NgramLanguageModel

ONE = ConstantModel([0.0, 0.2, 0.0, 0.8], never_ids=(0, 2))
OTHER = ConstantModel([0.0, 0.6, 0.0, 0.4], never_ids=(0, 2))
TOKEN_IDS = torch.tensor([[3, 1, 3]])


def test_mixture_linear_adds_probabilities() -> None:
    model = MixtureLanguageModel([ONE, OTHER], weights=[[0.25, 0.75]])

    log_probs, _ = model.next_log_probs(TOKEN_IDS, model.initial_state(1))

    torch.testing.assert_close(log_probs[0, 0].exp(), torch.tensor([0.0, 0.5, 0.0, 0.5]))


def test_mixture_log_linear_multiplies_powers_and_normalises() -> None:
    model = MixtureLanguageModel([ONE, OTHER], method="log-linear", weights=[[2.0, 1.0]])

    log_probs, _ = model.next_log_probs(TOKEN_IDS, model.initial_state(1))

    first, second = 0.2**2 * 0.6, 0.8**2 * 0.4
    expected = torch.tensor([0.0, first, 0.0, second]) / (first + second)
    torch.testing.assert_close(log_probs[0, 2].exp(), expected)


def test_mixture_bucket_is_the_longest_context_that_the_ngram_model_knows() -> None:
    model = CASES["mixture-linear-buckets"].build(0)
    assert isinstance(model, MixtureLanguageModel)
    trigrams = model.members[1]
    assert isinstance(trigrams, NgramLanguageModel)
    state = model.initial_state(1)
    ids = torch.arange(3, model.vocab_size)[None].repeat(1, 2)

    scores, _ = model.member_log_probs(ids, state)

    known = trigrams.context_lengths(ids, trigrams.initial_state(1))
    assert scores.buckets.tolist() == (known - 1).tolist()
    assert set(known.flatten().tolist()) == {1, 2}


def test_mixture_of_different_vocabularies_is_refused() -> None:
    larger = ConstantModel([0.0, 0.2, 0.0, 0.7, 0.1], never_ids=(0, 2))

    with pytest.raises(MismatchError, match="vocabularies of 4, 5 tokens"):
        MixtureLanguageModel([ONE, larger], weights=[[0.5, 0.5]])


def test_mixture_fingerprint_depends_on_the_weights() -> None:
    one, other = (
        MixtureLanguageModel([ONE, OTHER], weights=[weights])
        for weights in ([0.3, 0.7], [0.4, 0.6])
    )

    assert one.fingerprint() != other.fingerprint()
