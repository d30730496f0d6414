"""lm-eval with `--model nextword`: its figures are those of `nextword score`.

Needs the package lm-eval; without it the tests skip.
"""

import json
import math
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from nextword.interop.lm_eval import register

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm-eval")
    (folder / "text.txt").write_text(random_text(200, seed=1), encoding="utf-8")
    nw.train(
        folder / "text.txt",
        out=folder / "run",
        recipe="lstm-small",
        settings={"model": {"hidden_size": 16}, "training": {"epochs": 1, "batch_size": 4}},
    )
    return folder / "run"


def write_task(folder: Path, name: str, lines: list[dict[str, object]], settings: str) -> None:
    data = folder / f"{name}.jsonl"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / f"{name}.yaml").write_text(
        f"task: {name}\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {data}\n"
        f"test_split: test\n{settings}",
        encoding="utf-8",
    )


def test_lm_eval_on_local_tasks_agrees_with_score(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm_eval = pytest.importorskip("lm_eval", reason="lm-eval is not installed")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    from lm_eval.tasks import TaskManager

    register()
    lines = [line for line in random_text(20, seed=2).splitlines() if line]
    rolling = [{"text": f"{line}\n"} for line in lines]
    write_task(
        tmp_path,
        "lines",
        rolling,
        'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{text}}"\n'
        "metric_list:\n  - metric: bits_per_byte\n",
    )
    choices = [{"q": line, "choices": ["w1", "w2 w3", "w4"], "gold": 1} for line in lines]
    write_task(
        tmp_path,
        "choices",
        choices,
        'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: "{{choices}}"\n'
        "doc_to_target: gold\nmetric_list:\n  - metric: acc\n",
    )

    results = lm_eval.simple_evaluate(
        model="nextword",
        model_args={"path": str(run)},
        tasks=["lines", "choices"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        bootstrap_iters=0,
        log_samples=True,
    )

    model = nw.load(run)
    scores = [score.log_prob for score in model.score(lines)]
    found = [sample["filtered_resps"][0] for sample in results["samples"]["lines"]]
    assert found == pytest.approx(scores, abs=1e-5)
    num_bytes = sum(len(line.encode()) + 1 for line in lines)
    bits = -sum(scores) / num_bytes / math.log(2.0)
    assert results["results"]["lines"]["bits_per_byte,none"] == pytest.approx(bits, abs=1e-5)
    first = results["samples"]["choices"][0]
    for (log_prob, _), choice in zip(first["filtered_resps"], choices[0]["choices"], strict=True):  # type: ignore[call-overload]
        tokens = model.token_scores(f"{lines[0]} {choice}")
        count = len(str(choice).split())
        expected = sum(score for _, score in tokens[-1 - count : -1])
        assert log_prob == pytest.approx(expected, abs=1e-5)
