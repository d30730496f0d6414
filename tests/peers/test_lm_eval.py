"""lm-eval with `--model nextword` and `local-completions` finds the figures of `nextword score`.

Needs the package lm-eval; without it the tests skip.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from fakes import random_text
from nextword.interop.lm_eval import register
from server_process import KEY, start_server

pytestmark = pytest.mark.peer

CHOICES = ["w1", "w2 w3", "w4"]


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


def write_tasks(folder: Path) -> list[str]:
    """Write the tasks `lines` and `choices`, and return the lines of both."""
    lines = [line for line in random_text(20, seed=2).splitlines() if line]
    write_task(
        folder,
        "lines",
        [{"text": f"{line}\n"} for line in lines],
        'output_type: loglikelihood_rolling\ndoc_to_text: ""\ndoc_to_target: "{{text}}"\n'
        "metric_list:\n  - metric: bits_per_byte\n",
    )
    write_task(
        folder,
        "choices",
        [{"q": line, "choices": CHOICES, "gold": 1} for line in lines],
        'output_type: multiple_choice\ndoc_to_text: "{{q}}"\ndoc_to_choice: "{{choices}}"\n'
        "doc_to_target: gold\nmetric_list:\n  - metric: acc\n",
    )
    return lines


def evaluated(folder: Path, **model: object) -> dict[str, Any]:
    """Return what lm-eval finds for a model on the tasks in a folder."""
    lm_eval = pytest.importorskip("lm_eval", reason="lm-eval is not installed; make peers")
    from lm_eval.tasks import TaskManager

    results: dict[str, Any] = lm_eval.simple_evaluate(
        **model,
        tasks=["lines", "choices"],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        bootstrap_iters=0,
        log_samples=True,
    )
    return results


@pytest.fixture(autouse=True)
def _offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")


def choice_scores(model: nw.Model, line: str) -> list[float]:
    """Return the log-probability of each choice after a line."""
    scores = []
    for choice in CHOICES:
        tokens = model.token_scores(f"{line} {choice}")
        scores.append(sum(score for _, score in tokens[-1 - len(choice.split()) : -1]))
    return scores


def require_scores(results: dict[str, Any], model: nw.Model, lines: list[str]) -> float:
    """Require the log-probabilities of `nextword score`; return the largest difference in nats."""
    samples = results["samples"]
    expected = [score.log_prob for score in model.score(lines)]
    found = [sample["filtered_resps"][0] for sample in samples["lines"]]
    for sample, line in zip(samples["choices"], lines, strict=True):
        found += [log_prob for log_prob, _ in sample["filtered_resps"]]
        expected += choice_scores(model, line)
    assert len(found) == len(lines) * (1 + len(CHOICES))
    assert found == pytest.approx(expected, abs=1e-5)
    return max(abs(here - there) for here, there in zip(found, expected, strict=True))


def test_lm_eval_on_local_tasks_agrees_with_score(run: Path, tmp_path: Path) -> None:
    register()
    lines = write_tasks(tmp_path)

    results = evaluated(tmp_path, model="nextword", model_args={"path": str(run)})

    model = nw.load(run)
    require_scores(results, model, lines)
    num_bytes = sum(len(line.encode()) + 1 for line in lines)
    bits = -sum(score.log_prob for score in model.score(lines)) / num_bytes / math.log(2.0)
    assert results["results"]["lines"]["bits_per_byte,none"] == pytest.approx(bits, abs=1e-5)


def test_lm_eval_local_completions_agrees_with_score(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lm_eval", reason="lm-eval is not installed; make peers")
    pytest.importorskip("tenacity", reason="lm-eval's extra `api` is not installed; make peers")
    lines = write_tasks(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = start_server(f"words={run}")
    try:
        results = evaluated(
            tmp_path,
            model="local-completions",
            model_args={
                "model": "words",
                "base_url": f"{server.url}/v1/completions",
                "auth_token": KEY,
                "num_concurrent": 2,
                "max_retries": 1,
            },
        )
    finally:
        server.process.kill()
        server.process.communicate()

    difference = require_scores(results, nw.load(run), lines)
    print(f"{len(lines) * (1 + len(CHOICES))} texts, largest difference {difference:.1e} nats")
