"""Write the reference pages that are generated from the code: commands and settings.

    python docs/make_command_reference.py            rewrite the pages
    python docs/make_command_reference.py --check    exit 1 when a page differs from the code

Uses only the application of the command line, the class of all settings, and its annotations.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nextword.base import SettingSection, described_settings

REFERENCE = Path(__file__).resolve().parent / "reference"
WIDTH = 92
COMMANDS_INTRODUCTION = """\
# Command line

Every command answers `--help` with the text below. Results go to standard output, progress to
standard error; `--json` gives one JSON object with `"schema": 1` instead.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed while running |
| 2 | wrong usage or input that cannot be used |
| 75 | another process holds the run folder |
| 130, 143 | stopped by Ctrl-C, by SIGTERM; the run is saved first |
"""
SETTINGS_INTRODUCTION = """\
# Settings

A setting can be set in a recipe, in the `config.toml` of a run, or on the command line as
`--set section.key=value`. Later layers win: defaults, recipe, command line. `--set section.key=`
removes the value of the recipe and restores the default. An unknown key is an error that suggests
the nearest known key.

The defaults below are those without a recipe. `nextword train` without `--recipe` takes the recipe
`default`: `nextword settings` lists its values beside the defaults, and marks the settings that
follow the size of the text.
"""
TASK_SETTINGS_INTRODUCTION = """\
# Settings of taggers, classifiers and readers

The settings of `nextword tag train`, `nextword classify train` and `nextword read train`, set in
the same ways as [those of language models](configuration.md). The sections `optimizer`, `schedule`,
`clipping` and `averaging` are described there. For readers, `training.batch_size` is a number of
questions, and `training.max_length` is the longest passage in words; questions about longer ones
are left out.
"""


def command_page() -> str:
    """Return the page on the command line: the help of every command, as Markdown."""
    from typer.main import get_command

    from nextword.cli import app

    blocks = [COMMANDS_INTRODUCTION]
    for path, help_text in _helps(get_command(app), "nextword", None):
        blocks.append(f"## `{path}`\n\n```text\n{help_text}\n```\n")
    return "\n".join(blocks)


def settings_page() -> str:
    """Return the page on settings: a table for every section, as Markdown."""
    from nextword.training import RunConfig

    return "\n".join([SETTINGS_INTRODUCTION, *_sections(RunConfig)])


def task_settings_page() -> str:
    """Return the page on the settings of taggers, classifiers and readers, as Markdown.

    Sections that several have are listed once; those of the optimizer are on the other page.
    """
    from nextword.tasks.classification import ClassificationRunConfig
    from nextword.tasks.reading import ReadingRunConfig
    from nextword.tasks.tagging import TaggingRunConfig
    from nextword.training import RunConfig

    sections = [*_sections(TaggingRunConfig), *_sections(ClassificationRunConfig)]
    titles = {section.partition("\n")[0] for section in sections}
    # The section training of readers differs in its texts and in nothing else.
    reading = _sections(ReadingRunConfig)
    sections += [each for each in reading if each.partition("\n")[0] not in titles]
    listed = set(_sections(RunConfig))
    is_new = dict.fromkeys(each for each in sections if not each.startswith("## At the top"))
    new = [section for section in is_new if section not in listed]
    return "\n".join([TASK_SETTINGS_INTRODUCTION, *new])


def _helps(command: Any, path: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Iterate over a command and its subcommands: the call, and the help as plain text."""
    context = command.context_class(
        command, info_name=path.split()[-1], parent=parent, terminal_width=WIDTH
    )
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    yield path, "\n".join(lines).strip()
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _helps(below, f"{path} {name}", context)


def _sections(kind: type) -> list[str]:
    """Return the sections of a settings class as Markdown: a heading and a table each."""
    return [_section(section) for section in described_settings(kind)]


def _section(section: SettingSection) -> str:
    title = f"`{section.name}`" if section.name else "At the top"
    head = ["| setting | type | default | |", "|---|---|---|---|"]
    rows = [
        _row(f"`{each.name}`", f"`{each.type}`", _code(each.default), each.meaning)
        for each in section.settings
    ]
    choice = f" with `{section.choice}`" if section.choice else ""
    return "\n".join([f"## {title}{choice}\n", section.meaning, "", *head, *rows, ""])


def _code(default: str) -> str:
    return default if default in ("required", "unset") else f"`{default}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with the code; return the exit code."""
    # typer reads this when it is imported: help as plain text on any terminal.
    os.environ["TYPER_USE_RICH"] = "0"
    pages = {
        "command-line.md": command_page(),
        "configuration.md": settings_page(),
        "task-configuration.md": task_settings_page(),
    }
    different = []
    for name, content in pages.items():
        page = REFERENCE / name
        if "--check" not in arguments:
            page.write_text(content, encoding="utf-8")
        elif not page.exists() or page.read_text(encoding="utf-8") != content:
            different.append(name)
    for name in different:
        print(f"docs/reference/{name} differs from the code.")
    if different:
        print("Run: python docs/make_command_reference.py")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
