"""The report of several instruments: sections join, and one of the same instrument is replaced."""

import json
import math
from pathlib import Path

from nextword.inspection import Section, write_inspection
from nextword.pages import paragraph


def section(name: str, text: str) -> Section:
    return Section(name=name, title=f"Title of {name}", parts=[paragraph(text)])


def test_write_inspection_keeps_the_sections_of_other_instruments(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_inspection(folder, section("saliency", "first <!-- end saliency -->"), values={"a": 1})
    write_inspection(folder, section("gradients", "old"), values={})

    report = write_inspection(folder, section("gradients", "new"), values={"b": math.inf})

    page = report.read_text()
    assert page.index("Title of gradients") < page.index("Title of saliency")
    assert "<p>new</p>" in page
    assert "<p>old</p>" not in page
    assert "first &lt;!-- end saliency --&gt;" in page
    assert json.loads((folder / "saliency.json").read_text()) == {"schema": 1, "a": 1}
    assert json.loads((folder / "gradients.json").read_text())["b"] is None


def test_write_inspection_over_a_page_of_others_starts_again(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"\xff<html>")

    report = write_inspection(tmp_path, section("cells", "text"), values={"text": "\udc80"})

    assert report.read_text().count("Title of cells") == 1
    assert json.loads((tmp_path / "cells.json").read_text())["text"] == "\udc80"
