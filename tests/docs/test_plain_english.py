"""Public docstrings and pages use the field's words: no listed word, no listed opening.

The lists hold what was rewritten once and must not come back. To extend them, add a pattern and the
words to write instead.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "nextword"
DOCS = ROOT / "docs"
FOLDERS = sorted({file.relative_to(SOURCE).parts[0] for file in SOURCE.rglob("*.py")})
PAGES = [
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    if "_build" not in page.parts
]

#: First words that no docstring begins with, and what to write instead.
OPENINGS = {
    "Give": "Return",
    "Gives": "Return",
    "Say": "Return whether, Report",
    "Tell": "Report, Return whether",
    "Have": "another verb: Ensure, Make",
    "Put": "Set, Write, Move, Insert",
    "Be": "another verb: Receive, Check",
    "Lay": "Arrange",
    "Hand": "Pass, Return",
}

#: Words that no docstring and no page contains outside of code, and what to write instead.
WORDS = {
    r"number formats?": "dtype",
    r"ways? back": "backward pass",
    r"ways? there": "forward pass",
    r"hand-written way": "manual forward and backward pass",
    r"prices? of": "cost of, coefficient",
    r"(?:the )?two ends": "input embedding and output head",
    r"told": "given, passed, reported",
    r"tells? nobody": "no-op",
    r"crowd(?:s|ed)?": "hash collisions",
    r"optimi[sz]er'?s'? memory": "optimizer state",
    r"memory of (?:an|the) optimi[sz]er": "optimizer state",
    r"of which there (?:is|are)": "the number of",
    r"made-up": "synthetic",
    r"to-be-read": "input sequence",
    r"what is shown": "a noun, such as the output",
    r"shown (?:of|to)": "passed to, mapped to",
    r"stands?(?! for)": "is, are",
    r"stood": "was, were",
    r"lies(?! (?:in|between|outside))": "is",
    r"reads? on(?! (?:first|demand))": "continues",
    r"apart(?! from)": "separate, independent",
    r"house": "project",
    r"rooms?": "folder, space",
    r"anew": "again",
    r"hangs? on": "depends on",
    r"by heart": "overfits",
    r"where nothing is said": "by default",
    r"(?:is|are) there": "exist",
}
_FORBIDDEN = [
    (re.compile(rf"\b{words}\b".replace(" ", r"\s+"), re.IGNORECASE), instead)
    for words, instead in WORDS.items()
]
_FENCE = re.compile(r"^(`{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(
    r"`[^`]*`|<!--.*?-->|\$\$.*?\$\$|^\s*(?:>>>|\.\.\.) .*$", re.MULTILINE | re.DOTALL
)


class Fault(NamedTuple):
    """A forbidden word, where it is, and what to write instead."""

    file: str
    line: int
    found: str
    instead: str


def public_docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Iterate over line and text of the docstrings of a module and its public members."""
    nodes: list[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef] = [tree]
    while nodes:
        node = nodes.pop()
        if ast.get_docstring(node, clean=False) and isinstance(node.body[0], ast.Expr):
            yield node.body[0].lineno, ast.get_docstring(node, clean=False) or ""
        if isinstance(node, ast.Module | ast.ClassDef):
            nodes += [
                each
                for each in node.body
                if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and not each.name.startswith("_")
            ]


def without_code(text: str) -> str:
    """Return a text with its code and mathematics blanked, line by line."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _CODE.sub(blank, _FENCE.sub(blank, text))


def forbidden_words(text: str, *, file: str = "text", line: int = 1) -> list[Fault]:
    """Return the forbidden words of a text that begins in a line of a file."""
    prose = without_code(text)
    return [
        Fault(file, line + prose.count("\n", 0, match.start()), match[0], instead)
        for pattern, instead in _FORBIDDEN
        for match in pattern.finditer(prose)
    ]


def docstring_faults(docstring: str, *, file: str = "text", line: int = 1) -> list[Fault]:
    """Return the forbidden opening and the forbidden words of a docstring."""
    faults = forbidden_words(docstring, file=file, line=line)
    opening = re.match(r"[A-Za-z]*", docstring.strip())
    if opening is not None and opening[0] in OPENINGS:
        faults.insert(0, Fault(file, line, f"{opening[0]} ...", OPENINGS[opening[0]]))
    return faults


def folder_faults(folder: str) -> list[Fault]:
    """Return the faults of all public docstrings in a folder or file of the package."""
    path = SOURCE / folder
    return [
        fault
        for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
        for line, docstring in public_docstrings(ast.parse(file.read_text(encoding="utf-8")))
        for fault in docstring_faults(docstring, file=str(file.relative_to(ROOT)), line=line)
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_docstrings_of_folder_use_plain_english(folder: str) -> None:
    assert folder_faults(folder) == []


@pytest.mark.parametrize("page", PAGES)
def test_page_uses_plain_english(page: str) -> None:
    assert forbidden_words((ROOT / page).read_text(encoding="utf-8"), file=page) == []


@pytest.mark.parametrize(
    ("docstring", "found"),
    [
        ("Give the loss.", ["Give ..."]),
        ("Return the number\n    format.", ["number\n    format"]),
        ("Return what it was Told.", ["Told"]),
        ("Return the gift; `told` is a name.", []),
        ("Return it.\n\n    >>> told = 1\n    ", []),
        ("Understand the given text.", []),
        ("Return where the file\n    stands.", ["stands"]),
        ("Return the symbol that\n    stands for a byte, which lies in [0, 255].", []),
    ],
)
def test_docstring_faults_finds_openings_and_words(docstring: str, found: list[str]) -> None:
    assert [fault.found for fault in docstring_faults(docstring)] == found


def test_forbidden_words_has_the_line_and_skips_code() -> None:
    page = "one\n```bash\necho told\n```\n$$told$$\n\nwas told\n"

    assert forbidden_words(page) == [Fault("text", 7, "told", WORDS["told"])]


def test_public_docstrings_skips_private_members() -> None:
    module = "'A.'\nclass B:\n    'B.'\n    def c(self):\n        'C.'\ndef _d():\n    'D.'\n"

    found = [text for _, text in public_docstrings(ast.parse(module))]

    assert sorted(found) == ["A.", "B.", "C."]
