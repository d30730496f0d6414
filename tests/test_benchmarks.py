"""The benchmark scripts still fit the library; their figures are another matter."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from fakes import random_text
from nextword.tokens import TokenizerConfig
from nextword.training import TextConfig

FOLDER = Path(__file__).parent.parent / "benchmarks"


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ngram_orders_measures_and_draws_rising_orders(tmp_path: Path) -> None:
    script = load_script("ngram_orders")
    text = tmp_path / "text.txt"
    text.write_text(random_text(300, num_words=60), encoding="utf-8")

    rows = script.measure_orders(
        TextConfig(train=(str(text),)), TokenizerConfig(kind="word"), orders=3
    )
    (tmp_path / "text.json").write_text(json.dumps({"name": "made", "rows": rows}))
    script.draw([tmp_path / "text.json"], tmp_path / "orders.png")

    assert [row["order"] for row in rows] == [1, 2, 3]
    assert rows[0]["unseen_share"] == 0.0
    assert rows[0]["unseen_share"] < rows[1]["unseen_share"] < rows[2]["unseen_share"] < 1.0
    assert (tmp_path / "orders.png").read_bytes().startswith(b"\x89PNG")


def test_ngram_orders_when_the_test_text_is_the_training_text_finds_everything(
    tmp_path: Path,
) -> None:
    script = load_script("ngram_orders")
    text = tmp_path / "text.txt"
    text.write_text(random_text(50), encoding="utf-8")
    named = (str(text),)

    rows = script.measure_orders(
        TextConfig(train=named, valid=named, test=named),
        TokenizerConfig(kind="character"),
        orders=4,
    )

    assert [row["unseen_share"] for row in rows] == [0.0] * 4


def test_draw_curves_reads_validations_and_draws_them(tmp_path: Path) -> None:
    script = load_script("draw_curves")
    run = tmp_path / "elman"
    run.mkdir()
    records = [
        {"step": 5, "train/perplexity": 300.0, "elapsed_s": 30.0},
        {"step": 9, "validation/perplexity": 200.0, "elapsed_s": 60.0},
        {"step": 18, "validation/perplexity": 150.0, "elapsed_s": 120.0},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (run / "metrics.jsonl").write_text(lines, encoding="utf-8")

    script.draw([run], tmp_path / "curves.png")

    assert script.read_curve(run) == ([1.0, 2.0], [200.0, 150.0])
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_ngram_speed_scores_alike_in_every_way(tmp_path: Path) -> None:
    script = load_script("ngram_speed")
    text = tmp_path / "text.txt"
    text.write_text(random_text(80, num_words=30), encoding="utf-8")
    tokenizer, smoothed = script.estimate(text, order=3)
    arpa = tmp_path / "model.arpa"
    arpa.write_text("".join(script.arpa_text(smoothed.tables, tokenizer=tokenizer)))

    speeds = script.scorings(text, text, arpa, order=3, rounds=1)

    assert {"nextword, batch", "nextword.kenlm"} <= speeds.keys()
    assert all(speed > 0 for speed in speeds.values())
