"""The checks of the exercises pass right solutions, and no wrong ones."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parent.parent
EXERCISES = REPOSITORY / "examples" / "exercises"
SOLUTIONS = Path(__file__).parent / "exercise_solutions"
NAMES = ["bptt", "cell", "clipping", "kneser_ney", "perplexity", "sampling"]

#: Mistakes that students make: the exercise, what is right, what is wrong, and what is reported.
MISTAKES = [
    ("cell", "torch.sigmoid(f) * c +", "torch.sigmoid(i) * c +", "c is wrong"),
    ("cell", "* torch.tanh(c_new), c_new", "* c_new, c_new", "h is wrong"),
    ("cell", "e @ U.T + h @ W.T", "e @ U.T + h @ W.T * 1.01", "c is wrong"),
    ("bptt", "arriving = W.T @ through", "arriving = W @ through", "wrong for 7 step(s)"),
    ("bptt", "(arriving + r[time - 1])", "r[time - 1]", "wrong for 7 step(s)"),
    ("bptt", "states[time - 1])\n", "states[time])\n", "wrong for 1 step(s)"),
    ("clipping", "min(threshold / norm, 1.0)", "(threshold / norm)", "below the threshold"),
    ("clipping", "clip(-threshold, threshold)", "clip(None, threshold)", "outside the limits"),
    ("perplexity", "-sum(map(math.log, probabilities))", "1.0", "die"),
    ("perplexity", "math.log2", "math.log", "3 bits"),
    ("kneser_ney", "sizes[1] + 2 * sizes[2]", "sizes[1] + sizes[2]", "D is not"),
    ("kneser_ney", "sum(w == word for _, w in counts)", "tokens.count(word)", "sums to"),
    ("sampling", "logits / temperature", "logits * temperature", "temperature is wrong"),
    ("sampling", "scaled - scaled.max()", "scaled", "large logits overflow"),
    ("sampling", 'side="right"', 'side="left"', "the numbers select"),
]


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_exercises", EXERCISES / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_exercise_has_a_check_and_a_solution(check: ModuleType) -> None:
    assert sorted(check.CHECKS) == NAMES
    assert sorted(path.stem for path in SOLUTIONS.glob("*.py")) == NAMES
    assert {*(path.stem for path in EXERCISES.glob("*.py"))} == {*NAMES, "check"}


def test_solutions_are_right(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["all", "--folder", str(SOLUTIONS)]) == 0
    assert capsys.readouterr().out.count(": right") == len(NAMES)


def test_skeletons_are_not_written_yet(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(["all"]) == 1
    assert capsys.readouterr().out.count("not written yet") == len(NAMES)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize(("name", "right", "wrong", "reported"), MISTAKES)
def test_mistake_is_found(
    name: str,
    right: str,
    wrong: str,
    reported: str,
    check: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(SOLUTIONS, tmp_path, dirs_exist_ok=True)
    source = (SOLUTIONS / f"{name}.py").read_text(encoding="utf-8")
    assert right in source
    (tmp_path / f"{name}.py").write_text(source.replace(right, wrong), encoding="utf-8")

    assert check.main([name, "--folder", str(tmp_path)]) == 1

    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}: wrong: ")
    assert reported in printed
