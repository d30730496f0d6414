"""A self-contained HTML page: figures in boxes, and sections. Knows no models."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from string import Template

from nextword.pages.token_script import TOKEN_SCRIPT, TOKEN_STYLE

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
  img { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
  figure { margin: 1rem 0; } figcaption { font-size: .9rem; opacity: .85; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { border-bottom: 1px solid #8884; padding: .2rem .7rem; text-align: right; }
  th:first-child, td:first-child { padding-left: 0; }
  .name { text-align: left; }
  .wide { overflow-x: auto; }
  @media print { body { max-width: none; margin: 0; } h2 { break-after: avoid; }
    figure, .figure, tr { break-inside: avoid; } table { font-size: .75rem; }
    th, td { padding: .15rem .4rem; } .wide, pre { overflow: visible; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; } }
$style</style>
</head>
<body>
<h1>$title</h1>
<div class="figures">$figures</div>
$sections
$script</body>
</html>
""")


def html_page(
    title: str,
    *,
    figures: Sequence[tuple[str, str]],
    sections: Sequence[str],
    interactive: bool = False,
) -> str:
    """Return a page.

    Args:
        title: Title of the page, as plain text.
        figures: Names and values of the main figures, as plain text.
        sections: What `html_section` returned; empty ones are left out.
        interactive: Whether a section contains a `token_figure`, which needs a script.
    """
    return _PAGE.substitute(
        title=html.escape(title),
        figures="".join(_figure(name, value) for name, value in figures),
        sections="\n".join(section for section in sections if section),
        style=TOKEN_STYLE if interactive else "",
        script=f"<script>{TOKEN_SCRIPT}</script>\n" if interactive else "",
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


class Printed:
    """Base class of results that print as their text, and so in notebooks.

    A derived class defines `render`.
    """

    def render(self) -> str:
        """Return the result as text."""
        raise NotImplementedError

    def __str__(self) -> str:
        """The result as text."""
        return self.render()

    def _repr_html_(self) -> str:
        return preformatted(self.render())


def paragraph(text: str) -> str:
    """Return plain text as a paragraph."""
    return f"<p>{html.escape(text)}</p>"


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, num_names: int = 1) -> str:
    """Return a table; columns of names are aligned to the left, those of numbers to the right.

    Args:
        header: Names of the columns, as plain text.
        rows: Cells of each row, as plain text.
        num_names: Number of columns of names, which come first.
    """
    classes = [' class="name"' if column < num_names else "" for column in range(len(header))]
    head = "".join(
        f'<th scope="col"{kind}>{html.escape(name)}</th>'
        for kind, name in zip(classes, header, strict=True)
    )
    body = "\n".join(f"<tr>{_cells(row, classes)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>'
        "</div>"
    )


def _cells(row: Sequence[str], classes: Sequence[str]) -> str:
    return "".join(
        f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(classes, row, strict=True)
    )


def inline_picture(path: Path, *, alt: str, caption: str = "") -> str:
    """Return a PNG file as an inline image with a caption.

    Args:
        path: The file.
        alt: What the picture shows, for screen readers; plain text.
        caption: Text below the picture, as plain text; none when empty.
    """
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    image = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}{below}</figure>"


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
