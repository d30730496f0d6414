"""HTML pages: those of reports, and what pages with a model share. Never imports torch."""

from nextword.pages.page import (
    Printed,
    html_page,
    html_section,
    html_table,
    inline_picture,
    inline_pictures,
    paragraph,
    preformatted,
)
from nextword.pages.shared import shared_file, shared_names
from nextword.pages.tokens import TokenSeries, token_figure

__all__ = [
    "Printed",
    "TokenSeries",
    "html_page",
    "html_section",
    "html_table",
    "inline_picture",
    "inline_pictures",
    "paragraph",
    "preformatted",
    "shared_file",
    "shared_names",
    "token_figure",
]
