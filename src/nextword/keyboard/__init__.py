"""Simulated typing: how many keystrokes the suggestions of a model save."""

from nextword.keyboard.report import TypingReport
from nextword.keyboard.simulation import SLOTS, measure_typing
from nextword.keyboard.table import render_reports
from nextword.keyboard.typed_text import TEXT_FORMS, TextForm, resolve_form, typed_words

__all__ = [
    "SLOTS",
    "TEXT_FORMS",
    "TextForm",
    "TypingReport",
    "measure_typing",
    "render_reports",
    "resolve_form",
    "typed_words",
]
