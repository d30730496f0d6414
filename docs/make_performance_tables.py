"""Write the measured tables of performance.md from the reports of `nextword bench --out`.

    python docs/make_performance_tables.py            rewrite the page
    python docs/make_performance_tables.py --check    exit 1 if it differs from the reports

Each block between the comments `<!-- measured: FOLDER -->` and `<!-- end of FOLDER -->` is
generated from `bench.json` and the figures in that folder of `docs/performance`. It is empty if
there is no `bench.json`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent / "performance.md"
_BLOCK = re.compile(r"(<!-- measured: (\S+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_PICTURES = {
    "speed.png": "Time of every contender as a multiple of the first one's",
    "growth.png": "Time of a training step over its sizes, on logarithmic axes",
}


def filled_page(text: str, folder: Path) -> str:
    """Return the page, with every measured block filled from the reports in a folder."""

    def fill(match: re.Match[str]) -> str:
        return (
            match[1]
            + measured_block(folder / match[2], link=f"{folder.name}/{match[2]}")
            + match[3]
        )

    return _BLOCK.sub(fill, text)


def measured_block(folder: Path, *, link: str) -> str:
    """Return the tables and figures of one `nextword bench` report, as Markdown."""
    report = folder / "bench.json"
    if not report.exists():
        return ""
    from nextword.benchmarking import machine_line

    values = json.loads(report.read_text(encoding="utf-8"))
    parts = [f"{machine_line(values['machine'])}.", *_tables(values["results"])]
    parts += [f"`{each['case']}` is not reported: {each['reason']}" for each in values["failed"]]
    parts += [
        f"```{{figure}} {link}/{name}\n:alt: {words}\n```"
        for name, words in _PICTURES.items()
        if (folder / name).exists()
    ]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _tables(results: list[dict[str, Any]]) -> list[str]:
    """Return one table of all comparisons, and titled tables of the other kinds."""
    from nextword.benchmarking import case_table, comparison_table

    titled = ("growth", "generate", "ngram")
    compared = [result for result in results if result["kind"] not in titled]
    tables = [comparison_table(compared).to_markdown()] if compared else []
    for result in results:
        if result["kind"] in titled:
            table = case_table(result)
            tables += [f"`{result['case']}`:", table.to_markdown()]
    return tables


def main(arguments: list[str]) -> int:
    """Write the page, or compare it with the reports; return the exit code."""
    text = PAGE.read_text(encoding="utf-8")
    filled = filled_page(text, PAGE.with_suffix(""))
    if "--check" not in arguments:
        PAGE.write_text(filled, encoding="utf-8")
    elif filled != text:
        print(f"docs/{PAGE.name} differs from the figures.")
        print("Run: python docs/make_performance_tables.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
