"""The contract of every language model, and that each of its checks sees its fault."""

from functools import partial
from itertools import product

import pytest
import torch

import faulty_models as faulty
import model_checks as checks
from fakes import random_text, store_of, tokenizer_of
from model_checks import CHECKS, Build, Check
from nextword.models import LanguageModel, RecurrentConfig, RegularizationConfig
from nextword.models.ngram_config import NgramConfig
from nextword.models.ngram_training import train_ngram
from nextword.tokens import TokenizerKind

CELLS = {
    "lstm": {"cell": "lstm"},
    "elman-tanh": {"cell": "elman", "nonlinearity": "tanh"},
    "elman-sigmoid": {"cell": "elman", "nonlinearity": "sigmoid"},
    "elman-relu": {"cell": "elman", "nonlinearity": "relu"},
}
DROPOUT = RegularizationConfig(
    input_dropout=0.3, layer_dropout=0.3, output_dropout=0.3, embedding_dropout=0.3
)


def build_recurrent(seed: int, *, config: RecurrentConfig) -> LanguageModel:
    """A model in float64, in evaluation mode, whose biases are not zero."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = config.build(vocab_size=11, boundary_id=1, never_ids=(0, 3), regularization=DROPOUT)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    return model.double().eval()


NGRAMS = {
    "ngram-1": {"order": 1},
    "ngram-2": {"order": 2},
    "ngram-4": {"order": 4},
    "ngram-3-pruned": {"order": 3, "prune": (0, 0, 1)},
    "ngram-3-add-k": {"order": 3, "smoothing": "add_k", "k": 0.1},
}


def build_ngram(seed: int, *, config: NgramConfig, kind: TokenizerKind) -> LanguageModel:
    """A model of made-up lines; those of all seeds have one vocabulary."""
    tokenizer = tokenizer_of(random_text(30, num_words=5), kind=kind)
    store = store_of(tokenizer, random_text(30, seed=seed, num_words=5))
    return train_ngram(store, tokenizer, config=config)


def _ngram_cases() -> dict[str, Build]:
    return {
        f"{name}-{kind}": partial(build_ngram, config=NgramConfig(**values), kind=kind)
        for (name, values), kind in product(NGRAMS.items(), ("word", "character"))
    }


def _recurrent_cases() -> dict[str, Build]:
    cases = {}
    for (name, cell), layers, tied in product(CELLS.items(), (1, 2), (True, False)):
        values = {"num_layers": layers, "tied": tied, "hidden_size": 5, **cell}
        config = RecurrentConfig(**values, embedding_size=5 if tied else 3)
        label = f"{name}-{layers}-{'tied' if tied else 'untied'}"
        cases[label] = partial(build_recurrent, config=config)
    return cases


CASES: dict[str, Build] = {
    "hash": faulty.RightModel,
    **_recurrent_cases(),
    **_ngram_cases(),
}
FAULTS: dict[type[faulty.RightModel], set[Check]] = {
    # A leak is seen by cutting the text too: a chunk has no future to leak.
    faulty.LeaksFuture: {checks.check_future, checks.check_chunks},
    faulty.AdvancesElsewhere: {checks.check_advance},
    faulty.ReadsPadding: {checks.check_lengths},
    # Selecting changes a row's company.
    faulty.MixesRows: {checks.check_rows, checks.check_select},
    faulty.WritesIntoState: {checks.check_value},
    faulty.NormalisesWrongly: {checks.check_normalised},
    faulty.PredictsNever: {checks.check_never_ids},
    faulty.ScoresHidden: {checks.check_nll},
    faulty.ForgetsReset: {checks.check_reset},
    faulty.ResetsEveryRow: {checks.check_reset},
    faulty.SelectsOthers: {checks.check_select},
    faulty.ConcatenatesBackwards: {checks.check_concatenate},
    faulty.KeepsGraph: {checks.check_detach},
    faulty.LosesCounts: {checks.check_bytes},
    faulty.TakesAnyState: {checks.check_other_model},
    faulty.TakesDamaged: {checks.check_damaged_bytes},
}


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
@pytest.mark.parametrize("build", CASES.values(), ids=CASES)
def test_language_model_keeps_the_contract(build: Build, check: Check) -> None:
    check(build)


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_checks_planted_fault_fails_exactly_its_own(fault: type[faulty.RightModel]) -> None:
    failed = {check.__name__ for check in CHECKS if not _passes(check, fault)}

    assert failed == {check.__name__ for check in FAULTS[fault]}


def test_checks_every_one_sees_a_planted_fault() -> None:
    assert set().union(*FAULTS.values()) == set(CHECKS)


def test_faults_every_faulty_model_is_listed() -> None:
    assert set(FAULTS) == set(faulty.RightModel.__subclasses__())


def _passes(check: Check, build: Build) -> bool:
    try:
        check(build)
    except (AssertionError, pytest.fail.Exception):
        return False
    return True
