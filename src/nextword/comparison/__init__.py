"""Comparison of models under one protocol: one text, one tokenizer, one budget, several seeds.

Every row is an ordinary training run in a folder of its own, or a model that was trained before.

Each step of a comparison has a file of its own: therefore more than 12 files.
"""

from nextword.comparison.comparing import ComparisonResult, compare
from nextword.comparison.entries import Entry, parse_entries
from nextword.comparison.plan import Budget
from nextword.comparison.rows import Row, SeedResult
from nextword.comparison.table import render_csv, render_markdown
from nextword.comparison.tokens import TokenComparison, compare_tokens

__all__ = [
    "Budget",
    "ComparisonResult",
    "Entry",
    "Row",
    "SeedResult",
    "TokenComparison",
    "compare",
    "compare_tokens",
    "parse_entries",
    "render_csv",
    "render_markdown",
]
