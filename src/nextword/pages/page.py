"""A self-contained HTML page: figures in boxes, and sections. Knows no models."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
         padding: 0 1rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
  pre { padding: 1rem; overflow-x: auto; border: 1px solid #8884; border-radius: 6px;
        font: 13px/1.5 ui-monospace, monospace; }
  .figures { display: flex; flex-wrap: wrap; gap: 1rem; }
  .figure { border: 1px solid #8884; border-radius: 6px; padding: .7rem 1.1rem; }
  .figure b { display: block; font-size: 1.5rem; }
  img { max-width: 100%; background: #fff; border-radius: 6px; }
</style>
</head>
<body>
<h1>$title</h1>
<div class="figures">$figures</div>
$sections
</body>
</html>
""")


def html_page(title: str, *, figures: Sequence[tuple[str, str]], sections: Sequence[str]) -> str:
    """Return a page.

    Args:
        title: Title of the page, as plain text.
        figures: Names and values of the main figures, as plain text.
        sections: What `html_section` returned; empty ones are left out.
    """
    return _PAGE.substitute(
        title=html.escape(title),
        figures="".join(_figure(name, value) for name, value in figures),
        sections="\n".join(section for section in sections if section),
    )


def _figure(name: str, value: str) -> str:
    return f'<div class="figure"><b>{html.escape(value)}</b>{html.escape(name)}</div>'


def html_section(title: str, *parts: str) -> str:
    """Return a section with a heading, as HTML; empty without parts.

    Args:
        title: The heading, as plain text.
        parts: The content, as HTML.
    """
    return f"<h2>{html.escape(title)}</h2>\n" + "\n".join(parts) if parts else ""


def preformatted(text: str) -> str:
    """Return plain text as HTML that keeps its lines and columns."""
    return f"<pre>{html.escape(text)}</pre>"


def inline_pictures(folder: Path, names: str = "*.png") -> list[str]:
    """Return the PNG files of a folder as inline images, sorted by name.

    Args:
        folder: The folder.
        names: Pattern of their names.
    """
    return [
        f'<img alt="{html.escape(path.stem)}" src="data:image/png;base64,'
        f'{base64.b64encode(path.read_bytes()).decode("ascii")}">'
        for path in sorted(folder.glob(names))
    ]
