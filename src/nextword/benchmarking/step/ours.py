"""nextword's training step, with the same settings as the plain model."""

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
from nextword.training import LanguageModelingObjective, RunConfig, TrainingState

LanguageModelTraining = TrainingState[LanguageModelingObjective]
#: Number of windows in the synthetic text. After the last one, the text is read again.
NUM_WINDOWS = 40


def training_state(
    sizes: StepSizes, *, precision: str, backend: str = "auto", is_regularized: bool = True
) -> LanguageModelTraining:
    """Return a training on synthetic text, before its first update.

    Args:
        sizes: Sizes of the model and the windows.
        precision: As in the setting `training.precision`.
        backend: As in the setting `training.backend`.
        is_regularized: Whether to use dropout and gradient clipping. Must be False to compare
            gradients.
    """
    settings = _settings(sizes, precision=precision, backend=backend, is_regularized=is_regularized)
    config = decode(RunConfig, settings, source="the benchmark")
    tokenizer = synthetic_tokenizer(sizes.vocab_size)
    network = config.model_settings.network(
        tokenizer.vocabulary_spec, backend=config.training.backend
    )
    model = cast(RecurrentConfig, config.model).build(network)
    store = synthetic_store(tokenizer, num_tokens=NUM_WINDOWS * sizes.num_tokens)
    objective = LanguageModelingObjective(
        model, config, train=store, valid=None, tokenizer=tokenizer
    )
    return TrainingState(objective, config.loop)


def step_of(state: LanguageModelTraining) -> Callable[[], None]:
    """Return a function that runs the next update of a training, as the trainer does.

    The function raises a BenchmarkError if the loss is not finite.
    """

    def step() -> None:
        found = state.compute_gradient()
        if found is None:
            state.start_epoch()
            step()
            return
        if not math.isfinite(found[0].loss_sum):
            raise BenchmarkError(f"the loss of the training became {found[0].loss_sum}.")
        state.apply_gradient(LEARNING_RATE)

    return step


def _settings(sizes: StepSizes, *, precision: str, backend: str, is_regularized: bool) -> Values:
    dropout = DROPOUT if is_regularized else 0.0
    return {
        "model": {
            "family": "recurrent",
            "cell": "lstm",
            "num_layers": sizes.num_layers,
            "hidden_size": sizes.hidden_size,
            "tied": True,
        },
        "output": {"kind": "full"},
        # The same places and kind of dropout as in the plain model.
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
        "clipping": {"kind": "norm" if is_regularized else "none", "threshold": CLIPPING_NORM},
    }


def synthetic_tokenizer(vocab_size: int) -> Tokenizer:
    """Return a word tokenizer with a synthetic vocabulary of a given size.

    Args:
        vocab_size: Number of tokens, special tokens included.
    """
    words = " ".join(f"w{number}" for number in range(vocab_size - NUM_SPECIAL_TOKENS))
    return train_tokenizer(TokenizerConfig(kind="word", min_count=1), [words + "\n"])


def synthetic_store(tokenizer: Tokenizer, *, num_tokens: int) -> TokenStore:
    """Return a random text whose words follow Zipf's law.

    Args:
        tokenizer: A tokenizer with a synthetic vocabulary.
        num_tokens: Length of the text.
    """
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
