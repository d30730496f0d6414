"""Carrying out the checks. Knows nothing of folders, and prints nothing."""

from collections.abc import Callable

import torch

from nextword.base import NextwordError
from nextword.evaluation.audit.checks import CHECKS, Check
from nextword.evaluation.audit.passage import Passage, random_passage
from nextword.evaluation.audit.report import AuditReport, CheckResult, SkippedCheck
from nextword.evaluation.audit.run_texts import RunTexts
from nextword.evaluation.audit.subject import NotApplicable, Subject
from nextword.models import LanguageModel, inference
from nextword.tokens import Tokenizer


def audit_model(
    model: LanguageModel,
    *,
    name: str = "model",
    passage: Passage | None = None,
    reload: Callable[[], LanguageModel] | None = None,
    texts: RunTexts | None = None,
    tokenizer: Tokenizer | None = None,
    num_characters_lost: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> AuditReport:
    """Check that a model keeps what every language model promises.

    Args:
        model: The model; it computes without dropout and without a graph.
        name: What the report calls it.
        passage: What is read to it; made-up ids when None.
        reload: Saves the model, and gives what is loaded from there.
        texts: The encoded texts of its run.
        tokenizer: Its tokenizer.
        num_characters_lost: What encoding lost of the text that the passage comes from; None where
            it comes from no text that was encoded for the audit.
        on_progress: Is told the number of checks done so far.

    Example:
        >>> from nextword.cells import ElmanCell
        >>> from nextword.families import RecurrentLanguageModel
    from nextword.layers import TokenLayers

        >>> ends = TokenLayers(vocab_size=9, boundary_id=3, never_ids=(0, 2))
        >>> model = RecurrentLanguageModel(ends, cells=[ElmanCell(4, 4)])
        >>> audit_model(model).passed
        True
    """
    if passage is None:
        passage = random_passage(model, seed=0)
    subject = Subject(
        model=model,
        passage=passage,
        reload=reload,
        texts=texts,
        tokenizer=tokenizer,
        num_characters_lost=num_characters_lost,
    )
    results: list[CheckResult] = []
    skipped: list[SkippedCheck] = []
    for number, check in enumerate(CHECKS, start=1):
        try:
            results.append(_carry_out(check, subject))
        except NotApplicable as reason:
            skipped.append(SkippedCheck(name=check.name, reason=str(reason)))
        if on_progress is not None:
            on_progress(number)
    return AuditReport(
        model=name, text=passage.description, checks=tuple(results), skipped=tuple(skipped)
    )


def _carry_out(check: Check, subject: Subject) -> CheckResult:
    """Measure one figure; whatever the model raises is a failure of the check."""
    figure, limit, note = float("nan"), check.limit(torch.float32), ""
    try:
        with inference(subject.model):
            limit = check.limit(subject.dtype)
            figure = check.measure(subject)
    except NotApplicable:
        raise
    except Exception as error:
        note = _told(error)
    # Not `figure > limit`: a NaN must fail.
    passed = figure <= limit
    if not passed and not note and check.explain is not None:
        note = check.explain(subject)
    return CheckResult(
        name=check.name,
        claim=check.claim,
        passed=passed,
        figure=figure,
        limit=limit,
        unit=check.unit,
        note=note,
    )


def _told(error: Exception) -> str:
    message = error.message if isinstance(error, NextwordError) else str(error)
    return f"{type(error).__name__}: {' '.join(message.split())}".rstrip(": ")
