"""Self-contained HTML pages, used by every report. Knows no models and never imports torch."""

from nextword.pages.page import html_page, html_section, inline_pictures, preformatted

__all__ = ["html_page", "html_section", "inline_pictures", "preformatted"]
