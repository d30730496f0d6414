"""Validation data for a run without a validation file: a share of the training data."""

import logging
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from nextword.base import DataError
from nextword.tasks.running.config import TaskConfig

_logger = logging.getLogger(__name__)

Example = TypeVar("Example")


def split_off(
    examples: Sequence[Example], config: TaskConfig, *, unit: str
) -> tuple[list[Example], list[Example]]:
    """Return the training examples without a random share, and that share.

    The share depends on `training.seed` only. A notice says that it was split off.

    Args:
        examples: The training examples.
        config: `text.valid_share` and `training.seed`.
        unit: What an example is, in the plural, for messages.

    Raises:
        DataError: There are fewer than two examples.
    """
    if len(examples) < 2:
        raise DataError(
            f"the training data have {len(examples)} {unit}; at least 2 are needed to split off "
            "validation data.",
            help="Name a validation file with --valid.",
        )
    number = max(1, min(len(examples) - 1, round(config.text.valid_share * len(examples))))
    generator = np.random.default_rng(config.training.seed)
    chosen = set(generator.permutation(len(examples))[:number].tolist())
    _logger.info(
        "no validation file is named: %s of %s %s of the training data (%.3g %%) are used for "
        "validation only",
        f"{number:,}",
        f"{len(examples):,}",
        unit,
        100.0 * config.text.valid_share,
        extra={"notice": True},
    )
    train = [example for place, example in enumerate(examples) if place not in chosen]
    return train, [examples[place] for place in sorted(chosen)]
