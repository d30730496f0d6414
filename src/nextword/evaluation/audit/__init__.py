"""The audit: does a model keep what every language model promises? Knows nothing of terminals."""

from nextword.evaluation.audit.audit import audit_model
from nextword.evaluation.audit.checks import CHECKS, Check
from nextword.evaluation.audit.passage import (
    MIN_TEXT_TOKENS,
    Passage,
    choose_passage,
    random_passage,
    text_passage,
)
from nextword.evaluation.audit.report import (
    AuditReport,
    CheckResult,
    SkippedCheck,
    render_audit,
)
from nextword.evaluation.audit.run_texts import RunTexts, texts_of_run

__all__ = [
    "CHECKS",
    "MIN_TEXT_TOKENS",
    "AuditReport",
    "Check",
    "CheckResult",
    "Passage",
    "RunTexts",
    "SkippedCheck",
    "audit_model",
    "choose_passage",
    "random_passage",
    "render_audit",
    "text_passage",
    "texts_of_run",
]
