"""Training inside `fit`: settings, validation data, and a run in a temporary folder."""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from nextword.base import Layer, decode_layers, nested, require
from nextword.interop.sklearn.packed import PackedModel
from nextword.parallel import current_world
from nextword.tasks.running import (
    Prepare,
    TaskConfig,
    TaskResult,
    refuse_idle_task_settings,
    run_task,
)
from nextword.training import read_recipe

Config = TypeVar("Config", bound=TaskConfig)
_DATA_FILE = "data.json"
_RUN = "run"


def estimator_settings(estimator: Any) -> Mapping[str, Mapping[str, object]]:
    """Return the settings that the parameters of an estimator stand for.

    Args:
        estimator: A `TextClassifier` or `SequenceTagger`. A parameter that is None leaves the
            setting of the recipe as it is.
    """
    sections: dict[str, dict[str, object]] = {
        "training": {
            "epochs": estimator.epochs,
            "max_minutes": estimator.max_minutes,
            "batch_size": estimator.batch_size,
            "device": estimator.device,
        },
        "optimizer": {"learning_rate": estimator.learning_rate},
        "encoder": {"hidden_size": estimator.hidden_size},
        "text": {"init": None if estimator.init is None else str(estimator.init)},
    }
    return {
        section: {key: value for key, value in values.items() if value is not None}
        for section, values in sections.items()
    }


def run_config(
    kind: type[Config], *, recipe: str, settings: Sequence[Mapping[str, object]], seed: int
) -> Config:
    """Return the settings of a run: those of a recipe, overridden by the given ones.

    Args:
        kind: The class of the settings.
        recipe: Name of a recipe, or a TOML file.
        settings: Nested values, or values with dotted keys; later ones override earlier ones.
        seed: Seed of the run.

    Raises:
        ConfigError: A setting is unknown, out of range, or has no effect.
    """
    fixed = {"training": {"seed": seed}, "text": {"train": [_DATA_FILE]}}
    base = Layer(read_recipe(recipe), source=f"recipe {recipe}")
    layers = [nested(each) for each in settings]
    config = decode_layers(kind, [base, *layers, fixed])
    refuse_idle_task_settings(config, layers)
    return config


def train_packed(
    config: Config, *, data: object, prepare: Prepare[Config]
) -> tuple[PackedModel, TaskResult]:
    """Train in a temporary run folder; random number generators of the caller are not changed.

    Args:
        config: The settings.
        data: The training data as JSON values, which are recorded in the run.
        prepare: Builds the model for the data.

    Returns:
        The best model, and the result of the run, whose folder is gone.

    Raises:
        ConfigError: There are several processes.
    """
    require(
        current_world().size == 1,
        "estimators of scikit-learn train in one process, but a process group of torch has "
        f"{current_world().size}.",
        help="Fit it before torch.distributed.init_process_group, or use nextword tag or classify "
        "train with torchrun.",
    )
    with _generators_restored(), tempfile.TemporaryDirectory(prefix="nextword-sklearn-") as parent:
        file = Path(parent) / _DATA_FILE
        file.write_text(json.dumps(data, ensure_ascii=True), encoding="utf-8")
        result = run_task(
            _with_data(config, file),
            Path(parent) / _RUN,
            prepare=prepare,
            with_report=False,
        )
        return PackedModel.of(result.model), result


def split_indices(
    labels: Sequence[Sequence[object]], *, fraction: float, seed: int
) -> tuple[list[int], list[int]]:
    """Return the indices of training and validation samples.

    Every label stays in the training samples. If no sample can be spared, all samples are in both.

    Args:
        labels: The labels of each sample.
        fraction: Share of the samples for validation.
        seed: Seed of the random choice.

    Raises:
        ConfigError: The fraction is not between 0 and 1.

    Example:
        >>> split_indices([["a"], ["b"]], fraction=0.5, seed=0)
        ([0, 1], [0, 1])
    """
    require(
        0.0 < fraction < 1.0,
        f"validation_fraction is {fraction}; it must be above 0 and below 1.",
        help="Set validation_fraction=0.1.",
    )
    left = Counter(label for each in labels for label in set(each))
    number = max(1, round(fraction * len(labels)))
    chosen: list[int] = []
    for index in np.random.default_rng(seed).permutation(len(labels)).tolist():
        own = set(labels[index])
        if len(chosen) < number and own and all(left[label] > 1 for label in own):
            left.subtract(own)
            chosen.append(index)
    everything = list(range(len(labels)))
    if not chosen:
        return everything, everything
    return sorted(set(everything) - set(chosen)), sorted(chosen)


def _with_data(config: Config, file: Path) -> Config:
    return replace(config, text=replace(config.text, train=(str(file),)))


@contextmanager
def _generators_restored() -> Iterator[None]:
    """Restore the generators and the torch setting that a training run changes."""
    python, numpy = random.getstate(), np.random.get_state()
    precision = torch.get_float32_matmul_precision()
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
            torch.set_float32_matmul_precision(precision)
