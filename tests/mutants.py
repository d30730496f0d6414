"""Mutation testing: plant one small fault at a time and report those that no test finds.

    pip install cosmic-ray
    python tests/mutants.py optim --sample 150

cosmic-ray names and makes the mutants. They run in a copy of the working tree, one at a time. Each
is a fork of a process that has already imported torch, so it costs little more than its tests.
"""

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# The order matters: parso has a cycle of imports that begins elsewhere only when this comes first.
# isort: off
import parso
import pytest
import beartype
import hypothesis
import jaxtyping
import matplotlib.backends.backend_agg
import pydantic
import safetensors.torch
import tokenizers
import torch
import zstandard
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
# isort: on

REPOSITORY = Path(__file__).resolve().parent.parent
IMPORTED_ONCE = (
    *(parso, beartype, hypothesis, jaxtyping, matplotlib, pydantic, safetensors.torch),
    *(tokenizers, torch, zstandard),
)
_SECONDS_AT_LEAST = 20.0
_PYTEST = (
    *("-qx", "-pno:cacheprovider", "-mnot slow", "--hypothesis-profile=mutants"),
    # Without the checks of shapes, which cost more than the tests.
    *("-Wignore::pytest.PytestAssertRewriteWarning", "-oaddopts=--import-mode=importlib"),
)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A file of the package with one fault."""

    path: Path
    operator: str
    occurrence: int
    line: int


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Return every mutant of a file.

    Those of annotations are left out, which Python or mypy finds, and those of a bare `*` between
    parameters, which cosmic-ray takes for a product.
    """
    source = path.read_text(encoding="utf-8")
    lines, apart = source.splitlines(), annotation_spans(source)
    tree = get_ast(source)
    for name in plugins.operator_names():
        operator_class = plugins.get_operator(name)
        if operator_class.arguments():
            continue
        operator = operator_class()
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            is_annotation = any(first <= start <= last for first, last in apart)
            if not is_annotation and lines[start[0] - 1].strip() != "*,":
                yield Mutant(path=path, operator=name, occurrence=occurrence, line=start[0])


def annotation_spans(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return where annotations begin and end, as (line, column)."""
    annotations: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            annotations.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            annotations.append(node.returns)
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0))
        for each in annotations
        if each is not None
    ]


def passes(arguments: Sequence[str], *, seconds: float) -> bool:
    """Run pytest in a fork; False when a test fails, an import fails or the time is over."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setsid()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os._exit(int(pytest.main(list(arguments))))
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def survives(mutant: Mutant, arguments: Sequence[str], *, seconds: float, number: int) -> str:
    """Plant a mutant and test; return the faulty lines if no test found it, else nothing."""
    original, stamp = mutant.path.read_text(encoding="utf-8"), mutant.path.stat().st_mtime
    faulty = mutate_code(original, plugins.get_operator(mutant.operator)(), mutant.occurrence)
    if faulty is None or faulty == original:
        return ""
    try:
        mutant.path.write_text(faulty, encoding="utf-8")
        # Python's cache of compiled files goes by whole seconds and sizes.
        os.utime(mutant.path, (stamp + number + 1, stamp + number + 1))
        if not passes(arguments, seconds=seconds):
            return ""
    finally:
        mutant.path.write_text(original, encoding="utf-8")
        os.utime(mutant.path, (stamp, stamp))
    pairs = zip(original.splitlines(), faulty.splitlines(), strict=False)
    return next(
        (f"{old.strip()}  ->  {new.strip()}" for old, new in pairs if old != new), "removed"
    )


def tests_for(path: Path, folder: Path, chosen: Sequence[str]) -> list[str]:
    """Return the mirrored test file, then the others of the folder, or the chosen ones."""
    first = folder / f"test_{path.stem}.py"
    return [str(each) for each in (first, *(chosen or [folder])) if Path(each).exists()]


def main() -> None:
    """Read the arguments, copy the tree, and test mutant after mutant."""
    # A failing example is enough; to make it small takes longer than all other tests.
    hypothesis.settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", help="a folder or file under src/nextword, such as optim")
    parser.add_argument("--sample", type=int, default=150, help="mutants tried, drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin none after this time")
    parser.add_argument("--tests", nargs="*", default=[], help="run these, not the whole folder's")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        for name in ("src", "tests"):
            shutil.copytree(REPOSITORY / name, Path(place) / name)
        shutil.copy(REPOSITORY / "pyproject.toml", place)
        os.chdir(place)
        sys.path.insert(0, str(Path(place) / "src"))
        os.environ["PYTHONPATH"] = sys.path[0]
        run(options)


def run(options: argparse.Namespace) -> None:
    """Try the mutants and print the survivors and the score."""
    place = Path("src/nextword", options.folder)
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    mutants = [mutant for path in files for mutant in mutants_of(path)]
    drawn = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    started, num_tried, num_survived = time.monotonic(), 0, 0
    seconds: dict[Path, float] = {}
    # In the order they were drawn, so that those tried are a fair sample when time runs out.
    for number, mutant in enumerate(drawn):
        if time.monotonic() - started > options.minutes * 60.0:
            break
        folder = unit_tests(mutant.path)
        arguments = [*_PYTEST, *tests_for(mutant.path, folder, options.tests)]
        if folder not in seconds:
            seconds[folder] = time_of(arguments)
        fault = survives(
            mutant,
            arguments,
            seconds=max(_SECONDS_AT_LEAST, 4.0 * seconds[folder]),
            number=number,
        )
        num_tried += 1
        num_survived += bool(fault)
        if fault:
            print(f"{mutant.path}:{mutant.line}: {fault}", flush=True)
    print(
        f"{options.folder}: {num_tried - num_survived} of {num_tried} mutants found "
        f"({len(mutants)} there are), {time.monotonic() - started:.0f} s"
    )


def unit_tests(path: Path) -> Path:
    """Return the folder of tests that mirrors a file's folder."""
    return Path("tests/unit") / path.parent.relative_to("src/nextword")


def time_of(arguments: Sequence[str]) -> float:
    """Return how long the tests take without a fault, in seconds."""
    started = time.monotonic()
    if not passes(arguments, seconds=600.0):
        raise SystemExit(f"error: the tests fail without any fault: {' '.join(arguments)}")
    sys.dont_write_bytecode = True
    return time.monotonic() - started


if __name__ == "__main__":
    main()
