"""Count how often the state of a model diverges after the beginning of a text.

    python benchmarks/diverged_states.py runs/lstm-projected

Each text is a part of the validation text of the run, from a random place, read from the initial
state. A state has diverged if the second half of the text has more than twice the loss of a uniform
guess.
"""

import argparse
import math
from pathlib import Path

import numpy as np

import nextword as nw
from nextword.evaluation import DEFAULT_BATCH_SIZE, score_units
from nextword.tokens import open_store

LARGEST_LOSS = 2.0


def main() -> None:
    """Read the texts and print how many states have diverged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = nw.load(options.run)
    store = open_store(options.run / "tokens" / "valid", tokenizer=model.tokenizer)
    generator = np.random.default_rng(options.seed)
    places = generator.choice(store.num_tokens - options.tokens, options.texts, replace=False)
    texts = np.stack([store.ids[place : place + options.tokens] for place in np.sort(places)])
    losses = np.zeros(texts.size)
    for window in score_units(
        model.language_model,
        texts.ravel(),
        unit_starts=np.arange(0, texts.size + 1, options.tokens),
        batch_size=DEFAULT_BATCH_SIZE,
    ):
        for position, count, nll in zip(window.positions, window.counts, window.nll, strict=True):
            losses[position : position + count] = nll[:count]
    means = losses.reshape(texts.shape)[:, options.tokens // 2 :].mean(axis=1)
    diverged = means > LARGEST_LOSS * math.log(model.language_model.vocab_size)
    print(f"{diverged.sum():,} of {len(texts):,} states have diverged; the others have", end=" ")
    print(f"{means[~diverged].mean():.2f} nats per token in the second half")


if __name__ == "__main__":
    main()
