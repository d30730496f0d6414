"""Measure Kneser-Ney n-gram models by order: perplexity, unseen n-grams, time, memory and size.

The report has one row per order. An n-gram of the test text is unseen if it does not occur in the
training text. Near the start of a sentence, n-grams are shorter, because they do not cross it.
Perplexities per token of different tokenizers cannot be compared. Bits per character can be
compared if the text has no unknown words.

    python benchmarks/ngram_orders.py TEXT --tokenizer character --name Tolstoy --out war.json
    python benchmarks/ngram_orders.py --draw war.json shakespeare.json --out orders.png
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from nextword.evaluation import evaluate
from nextword.families import NgramConfig, NgramLanguageModel, train_ngram
from nextword.ngrams import sentences_of
from nextword.tokens import Tokenizer, TokenizerConfig, TokenStore
from nextword.training import TextConfig, prepare_data


def measure_orders(
    config: TextConfig, tokenizer_config: TokenizerConfig, *, orders: int
) -> list[dict[str, Any]]:
    """Train and evaluate n-gram models of order 1 to `orders` on one split.

    Returns:
        One dictionary per order. Sizes are in bytes, times in seconds, shares between 0 and 1.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = prepare_data(config, tokenizer_config, folder=Path(folder))
        if data.test is None:
            raise SystemExit("the split leaves no test text.")
        rows = []
        for order in range(1, orders + 1):
            started = time.perf_counter()
            model = train_ngram(data.train, data.tokenizer, config=NgramConfig(order=order))
            seconds = time.perf_counter() - started
            card = evaluate(
                model,
                data.test,
                tokenizer=data.tokenizer,
                name=f"{order}-gram",
                text=data.descriptions["test"],
                reset="never",
            )
            rows.append(
                {
                    "order": order,
                    "train_tokens": data.train.num_tokens,
                    "train_seconds": seconds,
                    "num_parameters": model.num_parameters,
                    "num_bytes": sum(tensor.nbytes for tensor in model.tensors().values()),
                    "perplexity": card.perplexity,
                    "bits_per_character": card.bits_per_character,
                    "unseen_share": unseen_share(model, data.test, data.tokenizer),
                    "tokens_per_second": card.tokens_per_second,
                    "peak_bytes": peak_bytes(),
                }
            )
            print(json.dumps(rows[-1]), file=sys.stderr)
        return rows


def unseen_share(model: NgramLanguageModel, store: TokenStore, tokenizer: Tokenizer) -> float:
    """Return the share of the n-grams of a text that do not occur in the training text.

    n is the order of the model. An n-gram with an unknown word counts as unseen.
    """
    targets = np.asarray(store.ids).astype(np.int64)
    starts = sentences_of(store, tokenizer).starts
    places = np.arange(len(targets)) - np.repeat(starts, np.diff(starts, append=len(targets)))
    read = np.concatenate([[model.boundary_id], targets[:-1]])
    read[starts] = model.start_id
    found = model.match_orders(
        torch.from_numpy(read)[None], torch.from_numpy(targets)[None], state=model.initial_state(1)
    )
    longest = np.minimum(places + 2, model.order)
    unseen = found[0].numpy() < longest
    unseen[store.unknown_positions] = True
    return float(unseen.mean())


def peak_bytes() -> int:
    """Return the peak memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def draw(paths: Sequence[Path], out: Path) -> None:
    """Plot perplexity and the share of unseen n-grams over the order, one line per corpus."""
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for path in paths:
        corpus = json.loads(path.read_text())
        orders = [row["order"] for row in corpus["rows"]]
        left.plot(orders, [row["perplexity"] for row in corpus["rows"]], "o-", markersize=4)
        unseen = [100 * row["unseen_share"] for row in corpus["rows"]]
        right.plot(orders, unseen, "o-", markersize=4, label=corpus["name"])
    left.set_yscale("log")
    left.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    left.set_ylabel("test perplexity per token")
    right.set_ylabel("unseen n-grams of the test text, %")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    for axes in (left, right):
        axes.set_xlabel("order")
        axes.grid(alpha=0.25, which="both")
    figure.savefig(out, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", nargs="*", help="training text, as on the command line")
    parser.add_argument("--valid", action="append", default=[], metavar="TEXT")
    parser.add_argument("--test", action="append", default=[], metavar="TEXT")
    parser.add_argument("--tokenizer", default="word", help="word, character, byte or bpe")
    parser.add_argument("--vocab-size", type=int, help="for bpe")
    parser.add_argument("--orders", type=int, default=7, help="the highest order")
    parser.add_argument("--name", help="name of the corpus in the figure")
    parser.add_argument(
        "--draw",
        nargs="+",
        type=Path,
        metavar="JSON",
        help="plot these reports instead of measuring",
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON report or figure to write")
    arguments = parser.parse_args()
    if arguments.draw:
        draw(arguments.draw, arguments.out)
        return
    rows = measure_orders(
        TextConfig(
            train=tuple(arguments.text), valid=tuple(arguments.valid), test=tuple(arguments.test)
        ),
        TokenizerConfig(kind=arguments.tokenizer, vocab_size=arguments.vocab_size),
        orders=arguments.orders,
    )
    name = arguments.name or " ".join(arguments.text)
    arguments.out.write_text(json.dumps({"name": name, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
