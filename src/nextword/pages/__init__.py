"""Self-contained HTML pages, used by every report. Knows no models and never imports torch."""

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
    "token_figure",
]
