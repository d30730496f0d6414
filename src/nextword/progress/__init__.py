"""Displays of the progress of a training: a bar, and the texts of its records."""

from nextword.progress.bar import BarProgress, default_display
from nextword.progress.display import ProgressDisplay
from nextword.progress.figures import (
    duration,
    figure,
    header_line,
    share_done,
    step_line,
    validation_line,
)

__all__ = [
    "BarProgress",
    "ProgressDisplay",
    "default_display",
    "duration",
    "figure",
    "header_line",
    "share_done",
    "step_line",
    "validation_line",
]
