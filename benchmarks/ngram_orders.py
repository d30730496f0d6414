"""Measure Kneser-Ney n-grams of rising order: perplexity, unseen n-grams, time, memory, size.

A row an order. An n-gram of the test text is unseen when the training text does not have it;
near the start of a sentence it is as long as the sentence allows. Perplexities per token of
different tokenizers cannot be compared; where no word is unknown, bits per character can.

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
    """Train and test n-grams of order 1 to `orders` on one split."""
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
    """Give the share of the text's n-grams, n the model's order, that training did not have."""
    targets = np.asarray(store.ids).astype(np.int64)
    starts = sentences_of(store, tokenizer).starts
    places = np.arange(len(targets)) - np.repeat(starts, np.diff(starts, append=len(targets)))
    read = np.concatenate([[model.boundary_id], targets[:-1]])
    read[starts] = model.start_id
    found = model.match_orders(
        torch.from_numpy(read)[None], torch.from_numpy(targets)[None], model.initial_state(1)
    )
    longest = np.minimum(places + 2, model.order)
    unseen = found[0].numpy() < longest
    unseen[store.unknown_positions] = True
    return float(unseen.mean())


def peak_bytes() -> int:
    """Give the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def draw(paths: Sequence[Path], out: Path) -> None:
    """Draw perplexity and the unseen share over the order, a line a corpus."""
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
    parser.add_argument("--name", help="what the corpus is called in the picture")
    parser.add_argument(
        "--draw", nargs="+", type=Path, metavar="JSON", help="draw, measure nothing"
    )
    parser.add_argument("--out", type=Path, required=True, help="the JSON file, or the picture")
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
