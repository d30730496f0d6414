"""Write the pages of docs/course from the results of `nextword lab run all`.

    nextword lab run all --out runs/lab
    python docs/make_course_pages.py --from runs/lab    take over its results and pictures
    python docs/make_course_pages.py                    rewrite the pages from the results here
    python docs/make_course_pages.py --check            exit 1 if a page differs from the results

The results are docs/course/results/lab.json, the pictures are beside it.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "course"
RESULTS = FOLDER / "results"
REPORT_FILE = "lab.json"
_INTRODUCTION = """# The claims of the course, measured

Five lectures on recurrent language models make claims about what their networks can do. The lab
measures 25 of them. Each page has the claim in our own words, the experiment, what was expected
before it, and the numbers. A claim that does not hold as it is said is a result; the page gives the
reason.

```bash
nextword lab list
nextword lab run C6 C14
```

The whole lab trains several models; that of the LSTM over characters for C17 takes most of the
time. A finished training in the folder is used again:

<!-- not run: trains several models -->
```bash
nextword lab run all --out runs/lab
```

With one thread, beside other programs on two cores, this took 24 minutes: 16 for the training of
C17 (15 of processor time) and 8 for the rest (7 of processor time). It needs 6 GB of memory.

The texts are the sources of Python's standard library, or are made by the lab, so nothing has to be
downloaded. With the same seed and versions the figures are the same; timings are not. The page
[Equations of the course](equations.md) names the function that computes each equation.

For classes, the folder `examples` has four notebooks, also as scripts with cells (`notebooks`), an
LSTM in one NumPy file (`lstm_in_one_file.py`), and six exercises with checks (`exercises`):

```bash
python examples/notebooks/cells.py
python examples/exercises/check.py all || true
```
"""

_CHANGES = """\
The designs of C9, C10, C12, C16, C17 and C20, and the clock of C21, were changed after
first results; their pages tell what is known of these.
"""


def pages(report: dict[str, Any]) -> dict[str, str]:
    """Return the pages by file name: the index, and one page for each claim."""
    made = {file_name(claim): claim_page(claim) for claim in report["claims"]}
    made["index.md"] = index_page(report)
    return made


def file_name(claim: dict[str, Any]) -> str:
    """Return the name of the page of a claim."""
    return f"c{int(claim['id'][1:]):02}-{claim['name']}.md"


def index_page(report: dict[str, Any]) -> str:
    """Return the index with the table of verdicts."""
    machine = report["machine"]
    rows = [
        f"| [{claim['id']}]({file_name(claim)}) | {escaped(claim['statement'])} | "
        f"{claim['verdict']} | {'met' if claim['passed'] else 'missed'} |"
        for claim in report["claims"]
    ]
    toctree = "\n".join(file_name(claim).removesuffix(".md") for claim in report["claims"])
    verdicts = [claim["verdict"] for claim in report["claims"]]
    counts = ", ".join(
        f"{verdicts.count(verdict)} {plural}"
        for verdict, plural in (
            ("holds", "hold"),
            ("holds partly", "hold partly"),
            ("does not hold", "do not hold"),
        )
    )
    return "\n".join(
        [
            _INTRODUCTION,
            _CHANGES,
            f"Of {len(rows)} claims: {counts}.",
            "",
            "| | claim | verdict | expectation |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"Measured with Python {machine['python']} and torch {machine['torch']} on "
            f"{machine['platform']}, {machine['threads']} thread(s), seed {report['seed']}.",
            "",
            f"```{{toctree}}\n:hidden:\n\nequations\n{toctree}\n```",
            "",
        ]
    )


def claim_page(claim: dict[str, Any]) -> str:
    """Return the page of a claim."""
    sources = [f"- [{each['lecture']}], {escaped(each['place'])}" for each in claim["sources"]]
    checks = [
        f"- {'met' if check['passed'] else 'missed'}: {escaped(check['text'])}"
        for check in claim["checks"]
    ]
    parts = [
        f"# {claim['id']}: {claim['name'].replace('-', ' ')}",
        f"**{claim['verdict'].capitalize()}.** {escaped(claim['reason'])}",
        f"## The claim\n\n{escaped(claim['statement'])}",
        "\n".join(sources),
        f"## The experiment\n\n{escaped(claim['method'])}",
        f"<!-- not run: tests/unit/lab runs it -->\n```bash\nnextword lab run {claim['id']}\n```",
        f"## What was expected\n\n{escaped(claim['expected'])}",
        "\n".join(checks),
        *[
            f"```{{image}} results/{name}\n:alt: The figures of claim {claim['id']}\n```"
            for name in claim["pictures"]
        ],
        "## The figures",
        f"```json\n{shown_json(claim['figures'])}\n```",
    ]
    links = sorted({each["lecture"] for each in claim["sources"]})
    parts.append("\n".join(f"[{key}]: ../references.md#lectures" for key in links))
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return text whose markup characters are shown as they are."""
    return "".join(f"\\{each}" if each in "*_<>|[]$" else each for each in text)


def shown_json(values: Any) -> str:
    """Return JSON with six significant digits, and short lists on one line."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.6g}")
        if isinstance(value, dict):
            return {key: rounded(each) for key, each in value.items()}
        return [rounded(each) for each in value] if isinstance(value, list) else value

    lines = []
    for key, value in rounded(values).items():
        lines.append(f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def take_over(run: Path) -> None:
    """Copy the pictures and results of a run, which replace those of the same claims.

    The figures of a claim do not depend on the others, so claims can be measured one by one. All
    must have the same seed, versions and number of threads.
    """
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = json.loads((run / REPORT_FILE).read_text(encoding="utf-8"))
    for name in (name for claim in report["claims"] for name in claim["pictures"]):
        shutil.copyfile(run / "pictures" / name, RESULTS / name)
    kept = RESULTS / REPORT_FILE
    if kept.exists():
        old = json.loads(kept.read_text(encoding="utf-8"))
        if any(old[key] != report[key] for key in ("seed", "machine")):
            raise SystemExit(f"{run} has another seed or machine than {kept}; delete that first.")
        claims = {each["id"]: each for each in [*old["claims"], *report["claims"]]}
        report["claims"] = sorted(claims.values(), key=lambda each: int(each["id"][1:]))
    text = json.dumps(report, indent=1, ensure_ascii=False)
    kept.write_text(text + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with the results; return the exit code."""
    if "--from" in arguments:
        take_over(Path(arguments[arguments.index("--from") + 1]))
    made = pages(json.loads((RESULTS / REPORT_FILE).read_text(encoding="utf-8")))
    changed = [
        name
        for name, text in made.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for name in changed:
            print(f"docs/course/{name} differs from the results.")
        if changed:
            print("Run: python docs/make_course_pages.py")
        return int(bool(changed))
    for name in changed:
        (FOLDER / name).write_text(made[name], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
