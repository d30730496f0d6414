"""Scores of every token of a text by one model, and the facts of the model for its row."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from nextword.api import Model
from nextword.comparison.rows import Figure, SeedResult
from nextword.evaluation import DEFAULT_BATCH_SIZE, score_units
from nextword.storage import RunFolder
from nextword.text import Corpus
from nextword.tokens import Reset, TokenStore
from nextword.training import RunResult

_WEIGHTS = ("*.safetensors", "*.bin")


def token_nll(
    model: Model,
    store: TokenStore,
    *,
    reset: Reset,
    on_progress: Callable[[int], None] | None = None,
) -> Float64[np.ndarray, " tokens"]:
    """Return the negative log-likelihood of every token of a text, in nats.

    Args:
        model: The model.
        store: The text, encoded by its tokenizer.
        reset: Where the state is reset.
        on_progress: Called with the number of tokens scored so far.
    """
    starts = store.unit_starts(reset, model.tokenizer.line_end_ids)
    nll = np.zeros(store.num_tokens)
    done = 0
    for window in score_units(
        model.language_model, store.ids, unit_starts=starts, batch_size=DEFAULT_BATCH_SIZE
    ):
        steps = np.arange(window.nll.shape[1])
        valid = steps < window.counts[:, None]
        nll[(window.positions[:, None] + steps)[valid]] = window.nll[valid]
        done += window.num_targets
        if on_progress is not None:
            on_progress(done)
    return nll


def units_of_lines(corpus: Corpus, figure: Figure) -> Int64[np.ndarray, " lines"]:
    """Return the number of bytes or words of each line, line ends included.

    Args:
        corpus: The text.
        figure: `bits_per_byte` or `perplexity_per_word`.
    """
    counts = []
    for document in corpus:
        for line in "".join(document.pieces()).split("\n"):
            counts.append(_num_bytes(line) if figure == "bits_per_byte" else len(line.split()))
            counts[-1] += 1
        counts[-1] -= 1  # the last line of a document has no line end
        if counts[-1] == 0:
            counts.pop()
    return np.array(counts, dtype=np.int64)


def _num_bytes(text: str) -> int:
    return len(text.encode("utf-8", errors="surrogateescape"))


def result_of_run(
    found: RunResult, model: Model, *, name: str, seed: int, run: RunFolder
) -> SeedResult:
    """Return the result of a training.

    Args:
        found: What the training returned.
        model: The best model of the run.
        name: Name of the row.
        seed: Seed of the training.
        run: The run folder.
    """
    return SeedResult(
        name=name,
        seed=seed,
        model=str(found.model),
        family=found.family,
        num_parameters=found.num_parameters,
        model_bytes=weight_bytes(found.model),
        context_size=model.language_model.context_size,
        train_seconds=found.progress.elapsed_s,
        num_tokens_seen=found.progress.num_seen,
        validation=None if found.validation is None else found.validation.to_dict(),
        test=None if found.test is None else found.test.to_dict(),
        curve=tuple(
            (record["elapsed_s"] / 60, record["validation/perplexity"])
            for record in run.read_metrics()
            if record.get("validation/perplexity") and record.get("elapsed_s") is not None
        ),
    )


def weight_bytes(model: Path) -> int | None:
    """Return the size of the weights of a model folder, or of a model file; None if unknown.

    Args:
        model: The folder or file.
    """
    if model.is_file():
        return model.stat().st_size
    sizes = [path.stat().st_size for kind in _WEIGHTS for path in model.glob(kind)]
    return sum(sizes) if sizes else None
