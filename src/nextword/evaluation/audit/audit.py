"""Run the checks on a model. Knows nothing of folders, and prints nothing."""

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
    """Run every check on a model.

    Args:
        model: The model. It is evaluated without dropout and without gradients.
        name: Name of the model in the report.
        passage: Token ids to evaluate the model on; random ids when None.
        reload: Function that saves the model and returns the model loaded from that copy. The check
            `save_and_load` is skipped when None.
        texts: Encoded texts of the run that trained the model. The check `vocabulary_leak` is
            skipped when None.
        tokenizer: The model's tokenizer; that of `texts` when None. The check `round_trip` is
            skipped when both are None.
        num_characters_lost: Number of characters of the passage's text that the tokenizer dropped;
            None if no text was encoded for this audit.
        on_progress: Called after each check with the number of checks done so far.

    Returns:
        The result of every check, and the reason for each check that was skipped.

    Example:
        >>> from nextword.cells import ElmanCell
        >>> from nextword.families import RecurrentLanguageModel
        >>> from nextword.layers import TokenLayers
        >>> from nextword.tokens import VocabularySpec
        >>> spec = VocabularySpec(vocab_size=9, boundary_id=3, start_id=2, never_ids=(0, 2))
        >>> token_layers = TokenLayers(vocabulary=spec)
        >>> model = RecurrentLanguageModel(token_layers, cells=[ElmanCell(4, 4)])
        >>> audit_model(model).passed
        True
    """
    if passage is None:
        passage = random_passage(model, seed=0)
    if tokenizer is None and texts is not None:
        tokenizer = texts.tokenizer
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
    """Run one check. An exception raised by the model counts as a failure of the check."""
    figure, limit, note = float("nan"), check.limit(torch.float32), ""
    try:
        with inference(subject.model):
            limit = check.limit(subject.dtype)
            figure = check.measure(subject)
    except NotApplicable:
        raise
    except Exception as error:
        note = _error_note(error)
    # Not `figure > limit`, because a NaN must fail.
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


def _error_note(error: Exception) -> str:
    message = error.message if isinstance(error, NextwordError) else str(error)
    return f"{type(error).__name__}: {' '.join(message.split())}".rstrip(": ")
