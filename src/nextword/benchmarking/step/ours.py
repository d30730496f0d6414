"""Our training step: the update of a training whose settings are the plain model's."""

import hashlib
import math
from collections.abc import Callable
from typing import cast

import numpy as np

from nextword.base import BenchmarkError, Values, decode
from nextword.benchmarking.step.sizes import (
    CLIPPING_NORM,
    DROPOUT,
    LEARNING_RATE,
    StepSizes,
    zipf_ids,
)
from nextword.families import RecurrentConfig
from nextword.tokens import (
    NUM_SPECIAL_TOKENS,
    TextCounts,
    Tokenizer,
    TokenizerConfig,
    TokenStore,
    train_tokenizer,
)
from nextword.training import RunConfig, TrainingState

#: Windows of the made-up text; after the last one it begins anew.
NUM_WINDOWS = 40


def training_state(
    sizes: StepSizes, *, precision: str, backend: str = "auto", is_disturbed: bool = True
) -> TrainingState:
    """Put a training together that stands before its first update.

    Args:
        sizes: Of the model and the windows.
        precision: As `training.precision`.
        backend: As `training.backend`.
        is_disturbed: Whether there is dropout and clipping; both stand in the way of comparing
            gradients.
    """
    settings = _settings(sizes, precision=precision, backend=backend, is_disturbed=is_disturbed)
    config = decode(RunConfig, settings, source="the benchmark")
    tokenizer = made_up_tokenizer(sizes.vocab_size)
    network = config.model_settings.network(
        tokenizer.vocabulary_spec, backend=config.training.backend
    )
    model = cast(RecurrentConfig, config.model).build(network)
    store = made_up_store(tokenizer, num_tokens=NUM_WINDOWS * sizes.num_tokens)
    return TrainingState(model, config, train=store, tokenizer=tokenizer)


def step_of(state: TrainingState) -> Callable[[], None]:
    """Return what makes the next update of a training, over and over, as the trainer makes it.

    It raises BenchmarkError where the loss is not finite: nobody would go on with such a training.
    """

    def step() -> None:
        found = state.compute_gradient()
        if found is None:
            state.open_epoch()
            step()
            return
        if not math.isfinite(found[0].nll_sum):
            raise BenchmarkError(f"the loss of the training became {found[0].nll_sum}.")
        state.apply_gradient(LEARNING_RATE)

    return step


def _settings(sizes: StepSizes, *, precision: str, backend: str, is_disturbed: bool) -> Values:
    dropout = DROPOUT if is_disturbed else 0.0
    return {
        "model": {
            "family": "recurrent",
            "cell": "lstm",
            "num_layers": sizes.num_layers,
            "hidden_size": sizes.hidden_size,
            "tied": True,
        },
        "output": {"kind": "full"},
        # Where the plain model has its three, and of the same ordinary kind.
        "regularization": {
            "input_dropout": dropout,
            "layer_dropout": dropout,
            "output_dropout": dropout,
            "locked": False,
        },
        "training": {
            "batch_size": sizes.batch_size,
            "bptt_steps": sizes.bptt_steps,
            "precision": precision,
            "backend": backend,
        },
        "optimizer": {"kind": "sgd", "learning_rate": LEARNING_RATE},
        "clipping": {"kind": "norm" if is_disturbed else "none", "threshold": CLIPPING_NORM},
    }


def made_up_tokenizer(vocab_size: int) -> Tokenizer:
    """Return a tokenizer of so many made-up words, the special ones included."""
    words = " ".join(f"w{number}" for number in range(vocab_size - NUM_SPECIAL_TOKENS))
    return train_tokenizer(TokenizerConfig(kind="word", min_count=1), [words + "\n"])


def made_up_store(tokenizer: Tokenizer, *, num_tokens: int) -> TokenStore:
    """Return a text of made-up words, as frequent as words are."""
    drawn = zipf_ids(tokenizer.vocab_size, num_tokens, first=NUM_SPECIAL_TOKENS)
    ids = drawn.numpy().astype(np.uint32)
    return TokenStore(
        ids=ids,
        document_starts=np.array([0, num_tokens]),
        unknown_positions=np.zeros(0, dtype=np.int64),
        counts=TextCounts(num_words=num_tokens),
        text_sha256=hashlib.sha256(ids.tobytes()).hexdigest(),
        fingerprint=tokenizer.fingerprint,
    )
