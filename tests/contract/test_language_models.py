"""The contract of every language model, and that each of its checks sees its fault."""

from pathlib import Path

import pytest
import torch

import faulty_models as faulty
import model_checks as checks
from fakes import random_text, store_of, tokenizer_of
from families import CASES, Case
from model_checks import Build, Check
from nextword.evaluation.audit import (
    CHECKS,
    AuditReport,
    RunTexts,
    audit_model,
    choose_passage,
    random_passage,
)
from nextword.models import LanguageModel

#: Tables are kept in float32, and so are the sums of what they hold.
FLOAT32_SUMS = 1e-6
EXACT = 1e-9

#: Which checks of the audit a fault fails; more than one only where one fault is two.
AUDIT_FAULTS: dict[Build, set[str]] = {
    # A chunk has no future to see, so whatever sees the future sees less of it in chunks.
    faulty.LeaksFuture: {"future_leak", "chunk_invariance"},
    faulty.LeaksInTheMiddle: {"future_leak", "chunk_invariance", "padding_invariance"},
    faulty.Bidirectional: {"future_leak", "chunk_invariance"},
    faulty.CountsFromTheCall: {"chunk_invariance"},
    faulty.ScoresByBatchSize: {"batch_invariance"},
    # Whom a row stands beside changes when rows are alone, chosen anew, padded, reset or reordered.
    faulty.MixesRows: {
        "batch_invariance",
        "row_order_invariance",
        "padding_invariance",
        "state_select",
        "state_reset",
        "state_concatenate",
    },
    faulty.SortsBackWrongly: {"row_order_invariance"},
    faulty.ReadsPadding: {"padding_invariance"},
    faulty.NormalisesWrongly: {"sums_to_one"},
    faulty.PredictsNever: {"never_ids"},
    faulty.ScoresHidden: {"nll_is_gathered"},
    faulty.AdvancesElsewhere: {"advance"},
    faulty.SelectsOthers: {"state_select"},
    # Padding on the left is a text that is forgotten.
    faulty.ForgetsReset: {"state_reset", "left_padding_invariance"},
    faulty.ResetsEveryRow: {"state_reset"},
    faulty.ResetsByTheFirst: {"left_padding_invariance"},
    faulty.ConcatenatesBackwards: {"state_concatenate"},
    faulty.WritesIntoState: {"state_fork"},
    faulty.LosesCounts: {"state_bytes"},
    faulty.SavesHalf: {"save_and_load"},
}
OTHER_FAULTS: dict[Build, set[Check]] = {
    faulty.KeepsGraph: {checks.check_detach},
    faulty.LosesCounts: {checks.check_another_copy},
    faulty.TakesAnyState: {checks.check_other_model},
    faulty.TakesDamaged: {checks.check_damaged_bytes},
}


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value))


def audit(model: LanguageModel) -> AuditReport:
    """Audit a faulty model, with texts whose vocabulary is sound."""
    case = CASES["lstm-1-tied"]
    copy = model.copy if isinstance(model, faulty.RightModel) else lambda: model
    return audit_model(model, reload=copy, texts=case.texts, tokenizer=case.tokenizer)


def failures(report: AuditReport) -> set[str]:
    assert not report.skipped
    return {check.name for check in report.failed}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_audit_of_every_family_is_green(case: Case, tmp_path: Path) -> None:
    model = case.build(0)

    report = audit_model(
        model,
        passage=choose_passage(model, texts=case.texts),
        reload=lambda: case.reload(model, tmp_path / "model"),
        texts=case.texts,
        tokenizer=case.tokenizer,
    )

    figures = {check.name: check.figure for check in report.checks}
    assert list(figures) == [check.name for check in CHECKS]
    assert figures.pop("sums_to_one") <= FLOAT32_SUMS
    assert max(figures.values()) <= EXACT
    assert report.passed


@pytest.mark.parametrize("name", ["lstm-2-untied", "ngram-3-kneser_ney"])
def test_audit_of_made_up_ids_is_green_too(name: str) -> None:
    model = CASES[name].build(0)

    report = audit_model(model, passage=random_passage(model, seed=1))

    assert report.failed == ()


@pytest.mark.parametrize("check", checks.CHECKS, ids=name_of)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_language_model_keeps_the_rest_of_the_contract(case: Case, check: Check) -> None:
    check(case.build)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name) for name, case in CASES.items() if not case.gives_zeros],
)
def test_language_model_gives_every_other_id_a_share(case: Case) -> None:
    model = case.build(0)

    log_probs, _ = model.next_log_probs(checks.random_ids(model, 2, 7), model.initial_state(2))

    impossible = torch.zeros(model.vocab_size, dtype=torch.bool)
    impossible[list(model.never_ids)] = True
    assert torch.equal(log_probs == -torch.inf, impossible.expand_as(log_probs))


@pytest.mark.parametrize(
    "name",
    [
        "lstm-1-untied",
        "maxent-crowded",
        "window-3-character",
        "transformer-adaptive",
        "window-3-adaptive",
        "ngram-3-kneser_ney",
        "mixture-linear",
        "cache-lstm",
    ],
)
def test_language_model_reads_slices_that_are_not_contiguous(name: str) -> None:
    model = CASES[name].build(0)
    ids = checks.random_ids(model, 4, 14)
    read, targets, state = ids[:, :-1:2], ids[:, 1::2], model.initial_state(4)

    nll, after = model.nll(read, targets, state)
    log_probs, _ = model.next_log_probs(ids.T[:4], state)

    expected, _ = model.nll(read.contiguous(), targets.contiguous(), state)
    assert torch.equal(nll, expected)
    assert torch.equal(log_probs, model.next_log_probs(ids.T[:4].contiguous(), state)[0])
    assert after.batch_size == 4


def test_audit_of_a_right_model_is_green() -> None:
    assert failures(audit(faulty.RightModel(0))) == set()


@pytest.mark.parametrize("fault", AUDIT_FAULTS, ids=name_of)
def test_audit_planted_fault_fails_exactly_its_own(fault: Build) -> None:
    assert failures(audit(fault(0))) == AUDIT_FAULTS[fault]


@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
def test_audit_vocabulary_of_all_texts_fails_exactly_its_own(kind: str) -> None:
    train, valid = random_text(30, num_words=5), "unheard overheard overheard unheard\n" * 9
    tokenizer = tokenizer_of(train + valid, kind=kind)
    texts = RunTexts(
        tokenizer=tokenizer,
        train=store_of(tokenizer, train),
        held_out={"valid": store_of(tokenizer, valid)},
    )
    model = faulty.RightModel(0)

    assert failures(audit_model(model, reload=model.copy, texts=texts)) == {"vocabulary_leak"}


@pytest.mark.parametrize("fault", OTHER_FAULTS, ids=name_of)
def test_checks_planted_fault_fails_exactly_its_own(fault: Build) -> None:
    failed = {check.__name__ for check in checks.CHECKS if not _passes(check, fault)}

    assert failed == {check.__name__ for check in OTHER_FAULTS[fault]}


def test_checks_every_one_is_failed_by_a_fault_of_its_own() -> None:
    # A vocabulary leak is a fault of texts, above; round_trip one of tokenizers, in its own test
    # file; and a leak of the future is seen in chunks as well.
    elsewhere = {"vocabulary_leak", "round_trip", "future_leak"}
    names = {check.name for check in CHECKS} - elsewhere

    assert {
        name for failed in AUDIT_FAULTS.values() if len(failed) == 1 for name in failed
    } == names
    assert set().union(*OTHER_FAULTS.values()) == set(checks.CHECKS)


def test_faults_every_faulty_model_is_listed() -> None:
    defined = {
        kind
        for kind in vars(faulty).values()
        if isinstance(kind, type) and kind.__module__ == faulty.__name__
    }

    assert defined - {faulty.RightModel} == {*AUDIT_FAULTS, *OTHER_FAULTS}


def _passes(check: Check, build: Build) -> bool:
    try:
        check(build)
    except (AssertionError, pytest.fail.Exception):
        return False
    return True
