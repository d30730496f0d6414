"""`report.html`: one self-contained page with the results of several instruments."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nextword.base import Values, with_nulls, write_bytes
from nextword.pages import html_page, html_section

REPORT_FILE = "report.html"
_BEGIN = "<!-- begin {name} -->"
_END = "<!-- end {name} -->"
#: An instrument's part of an earlier report. No text in it contains "<!--", which is escaped.
_PART = re.compile(r"<!-- begin ([a-z]+) -->\n(.*?)<!-- end \1 -->", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Section:
    """What one instrument shows.

    Attributes:
        name: Name of the instrument, lower-case letters, such as `gradients`.
        title: The heading.
        parts: The content, as HTML.
    """

    name: str
    title: str
    parts: Sequence[str]


def write_inspection(folder: Path, section: Section, *, values: Values) -> Path:
    """Write the JSON file of an instrument, and its section of the folder's report.

    Sections that other instruments wrote into the report before are kept; one of the same
    instrument is replaced.

    Args:
        folder: The folder; created if it does not exist.
        section: The section.
        values: Content of `NAME.json`.

    Returns:
        The path of the report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(with_nulls({"schema": 1, **values}), ensure_ascii=False) + "\n"
    # A lone surrogate is not valid UTF-8. Written as an escape, it is valid JSON.
    write_bytes(folder / f"{section.name}.json", content.encode("utf-8", errors="backslashreplace"))
    report = folder / REPORT_FILE
    parts = _earlier_parts(report)
    parts[section.name] = html_section(section.title, *section.parts)
    page = html_page(
        f"Inspection: {folder.name}",
        figures=[],
        sections=[_marked(name, part) for name, part in sorted(parts.items())],
        interactive=True,
    )
    write_bytes(report, page.encode("utf-8", errors="replace"))
    return report


def _earlier_parts(report: Path) -> dict[str, str]:
    try:
        page = report.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return {found[1]: found[2] for found in _PART.finditer(page)}


def _marked(name: str, part: str) -> str:
    return f"{_BEGIN.format(name=name)}\n{part}\n{_END.format(name=name)}"
