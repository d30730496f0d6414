from pathlib import Path

from benchmark_cases import made_up_growth, made_up_result
from nextword.benchmarking import GROWTH_FILE, SPEED_FILE, draw_results


def test_draw_results_draws_what_there_is(tmp_path: Path) -> None:
    results = [made_up_result().to_dict(), made_up_result(kind="outputs").to_dict()]

    files = draw_results(results, tmp_path)

    assert files == [tmp_path / SPEED_FILE]
    assert files[0].read_bytes().startswith(b"\x89PNG")


def test_draw_results_draws_a_panel_a_growth_curve(tmp_path: Path) -> None:
    axes = ("bptt_steps", "batch_size", "hidden_size")

    files = draw_results([made_up_growth(axis=axis).to_dict() for axis in axes], tmp_path)

    assert files == [tmp_path / GROWTH_FILE]
    assert files[0].read_bytes().startswith(b"\x89PNG")


def test_draw_results_draws_both(tmp_path: Path) -> None:
    results = [made_up_growth().to_dict(), made_up_result().to_dict()]

    assert draw_results(results, tmp_path) == [tmp_path / SPEED_FILE, tmp_path / GROWTH_FILE]


def test_draw_results_of_nothing_draws_nothing(tmp_path: Path) -> None:
    assert draw_results([], tmp_path) == []
    assert list(tmp_path.iterdir()) == []
