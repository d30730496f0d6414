"""The audit: checks of the properties that every language model must have.

One file per group of checks, and one each for the passage, the subject, the run and the report:
therefore more than 12 files.
"""

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
