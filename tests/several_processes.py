"""Trainings that can run in one process or in several, and a script that runs them in one of two.

MASTER_ADDR=... MASTER_PORT=... WORLD_SIZE=2 RANK=0 python several_processes.py FOLDER
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nextword.base import decode_layers
from nextword.parallel import current_world, join_processes
from nextword.storage import RunFolder
from nextword.training import LanguageModelingObjective, RunConfig, TrainingState
from nextword.training.loop import minimize
from nextword.training.preparation import prepare, start_of

PLAIN: dict[str, Any] = {
    "model": {"hidden_size": 6, "embedding_size": 6, "num_layers": 1, "tied": False},
    "regularization": {"input_dropout": 0.0, "output_dropout": 0.0},
    "training": {
        "batch_size": 5,
        "bptt_steps": 4,
        "epochs": 9,
        "max_steps": 14,
        "precision": "float32",
        "backend": "hoisted",
    },
    "optimizer": {"kind": "adamw", "learning_rate": 0.01},
    "schedule": {"kind": "constant"},
    "clipping": {"kind": "norm", "threshold": 0.3},
    "evaluation": {"batch_size": 3},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "stream": {},
    "overlapping windows": {"training": {"update_every": 2}},
    "lines": {"training": {"reset": "line"}},
    "sparse gradients, parts, penalties, limits": {
        "training": {"accumulation_steps": 2, "update_every": 8},
        "optimizer": {"kind": "sgd", "learning_rate": 0.5},
        "regularization": {"activation_penalty": 2.0, "temporal_penalty": 1.0},
        "clipping": {"kind": "auto", "state_threshold": 1e-3},
    },
    "n-gram features": {
        "model": {"family": "maxent", "cell": "elman", "order": 3, "table_size": 1000},
    },
}
DROPOUT = {"regularization": {"input_dropout": 0.3, "output_dropout": 0.3}}
#: Update before which one of the processes receives a signal.
STOPPED_BEFORE = 6


def text_file(folder: Path) -> Path:
    """A text of 30 lines of 1 to 6 words."""
    lines = [" ".join(f"w{(i * i + j) % 11}" for j in range(1 + i % 6)) for i in range(30)]
    path = folder / "text.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def config_of(text: Path, *layers: dict[str, Any]) -> RunConfig:
    own = {"text": {"train": [str(text)]}, "tokenizer": {"kind": "word"}}
    return decode_layers(RunConfig, [PLAIN, own, *layers])


def objective_of(config: RunConfig, folder: Path) -> LanguageModelingObjective:
    """The objective in float64; each process encodes the text for itself."""
    place = folder / f"tokens-{current_world().rank}"
    ready = prepare(start_of(config), place)
    model = ready.build(config.model.build).double()
    if hasattr(model, "count"):
        model.count(ready.data.train, ready.data.tokenizer, temporary_folder=place)
    data = ready.data
    return LanguageModelingObjective(
        model, ready.config, train=data.train, valid=data.valid, tokenizer=data.tokenizer
    )


def trained(config: RunConfig, folder: Path, *, num_updates: int = 14) -> dict[str, Tensor]:
    """Weights, losses, norms and the validation after some updates over more than one epoch."""
    state = TrainingState(objective_of(config, folder), config.loop)
    records = []
    while len(records) < num_updates:
        found = state.compute_gradient()
        if found is None:
            state.progress.epoch += 1
            state.start_epoch()
            continue
        loss, clipped = found
        records.append([loss.loss_sum, loss.num_items, clipped.norm])
        state.apply_gradient(0.01)
    validation = state.objective.validate()
    assert validation is not None
    return {
        "records": torch.tensor(records, dtype=torch.float64),
        "validation": torch.tensor([validation.value, state.progress.epoch], dtype=torch.float64),
        **{name: tensor.detach() for name, tensor in state.model.named_parameters()},
    }


def run_to_end(
    config: RunConfig, out: Path, *, stop_before: int | None = None, reshard: bool = False
) -> None:
    """Train in a run folder; the last process sends itself SIGINT before an update."""
    world = current_world()
    run = RunFolder.create(out)
    objective = objective_of(config, out)
    num_updates, compute = 0, objective.backward

    def backward() -> Any:
        nonlocal num_updates
        num_updates += 1
        if num_updates == stop_before and world.rank == world.size - 1:
            os.kill(os.getpid(), signal.SIGINT)
        return compute()

    objective.backward = backward  # type: ignore[method-assign]
    minimize(
        objective,
        config.loop,
        run=run,
        save_best=lambda: run.model_folder.mkdir(exist_ok=True),
        reshard=reshard,
    )


def is_stopped(action: Callable[[], None]) -> bool:
    try:
        action()
    except KeyboardInterrupt:
        return True
    return False


def exchanged() -> dict[str, Any]:
    """What each method of the world returns."""
    world = current_world()
    dense, unused, partly, sparse = (nn.Parameter(torch.zeros(3, 2)) for _ in range(4))
    dense.grad = torch.full((3, 2), world.rank + 1.0)
    rows = [[0, 2], [2]][world.rank]
    values = torch.ones(len(rows), 2) * (world.rank + 1)
    sparse.grad = torch.sparse_coo_tensor(torch.tensor([rows]), values, (3, 2))
    if not world.is_first:
        partly.grad = torch.ones(3, 2)
    world.sum_gradients([dense, unused, partly, sparse])
    copied = torch.full((2, 2), float(world.rank)).t()
    world.copy_from_first([copied])
    return {
        "rank": world.rank,
        "sum": world.sum([1, world.rank + 0.5]),
        "largest": world.largest(world.rank * 7),
        "from_first": world.from_first({"rank": world.rank}),
        "gather": world.gather(world.rank * 10),
        "dense": dense.grad.tolist(),
        "has_unused": unused.grad is not None,
        "partly": partly.grad.tolist(),
        "sparse": sparse.grad.to_dense().tolist(),
        "copied": copied.tolist(),
    }


def run_all(folder: Path) -> None:
    """Run every training in this process of several, and save what it found."""
    world = current_world()
    text = folder / "text.txt"
    found: dict[str, Any] = {"exchanged": exchanged()}
    for name, settings in VARIANTS.items():
        found[name] = trained(config_of(text, settings), folder / name)
    config = config_of(text, DROPOUT)
    run_to_end(config, folder / "whole")
    found["stopped"] = is_stopped(
        lambda: run_to_end(config, folder / "resumed", stop_before=STOPPED_BEFORE)
    )
    run_to_end(config, folder / "resumed")
    plain = config_of(text, VARIANTS["overlapping windows"])
    is_stopped(lambda: run_to_end(plain, folder / "resharded", stop_before=STOPPED_BEFORE))
    torch.save(found, folder / f"found-{world.rank}.pt")


def thread_names() -> list[str]:
    """Names of the threads of this process; none on systems without /proc."""
    return [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def start_processes(arguments: list[str], *, number: int = 2) -> list["subprocess.Popen[str]"]:
    """Start Python processes with the environment that torchrun gives them."""
    shared = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(number),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    return [
        subprocess.Popen(
            [sys.executable, *arguments],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(number)
    ]


def wait_for_end(processes: list["subprocess.Popen[str]"]) -> list[tuple[int, str, str]]:
    """Exit code, output and errors of each process; all are killed if one does not end."""
    try:
        ended = [process.communicate(timeout=280) for process in processes]
    except subprocess.TimeoutExpired:
        for process in processes:
            process.kill()
            process.communicate()
        raise
    return [
        (process.returncode, out, err) for process, (out, err) in zip(processes, ended, strict=True)
    ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    with join_processes() as joined:
        run_all(Path(sys.argv[1]))
    Path(sys.argv[1], f"threads-{joined.rank}.txt").write_text(" ".join(thread_names()))
