"""Measure the generator, predictions and diagonal layers in processor time of one thread.

    python benchmarks/generator_speed.py generate
    python benchmarks/generator_speed.py predict
    python benchmarks/generator_speed.py layers

For machines with other programs, on which `nextword bench` reports nothing: a program that waits
for a core is not charged for it. All contenders take turns; medians, and in parentheses the best.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch

from nextword.benchmarking.cases.diagonal_layers import DiagonalPair
from nextword.benchmarking.generation import (
    GeneratePeer,
    GenerateSizes,
    has_onnxruntime,
    onnx_step,
    our_model,
    our_step,
    peer_step,
)
from nextword.families import NetworkSpec, RecurrentConfig
from nextword.generation.completion import complete
from nextword.generation.text import next_tokens
from nextword.packed import PACKED_PRECISIONS, pack_model
from nextword.tokens import TokenizerConfig, train_tokenizer

NUM_TURNS = 7
#: Name, width and number of tokens of the networks that generate.
NETWORKS = (("2x650, 10,000 words", 650, 10_000), ("2x512, 100 characters", 512, 100))


def times_in_turns(contenders: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Return the processor times of all contenders, sorted, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(NUM_TURNS + 1):
        for name, run in contenders.items():
            started = time.thread_time()
            run()
            if turn:  # the first turn warms up
                times[name].append(time.thread_time() - started)
    return {name: sorted(values) for name, values in times.items()}


def generate() -> None:
    """Print tokens per second, the ratio to torch's loop, and the speed of memory."""
    for name, hidden_size, vocab_size in NETWORKS:
        for num_streams, num_tokens in ((1, 40), (64, 10)):
            sizes = GenerateSizes(
                hidden_size=hidden_size,
                vocab_size=vocab_size,
                num_streams=num_streams,
                num_tokens=num_tokens,
            )
            print(f"{name}, {num_streams} texts")
            compare_generators(sizes)


def compare_generators(sizes: GenerateSizes) -> None:
    """Print the table of one network."""
    peer = GeneratePeer(sizes).eval()
    model = our_model(peer, sizes)
    contenders: dict[str, Callable[[], object]] = {"torch": peer_step(peer, sizes)}
    if has_onnxruntime():
        contenders["onnxruntime"] = onnx_step(peer, sizes)
    num_bytes = {}
    for precision in PACKED_PRECISIONS:
        packed = pack_model(model, precision=precision)
        contenders[precision] = our_step(packed, sizes)
        num_bytes[precision] = sizes.num_tokens * packed.network.num_bytes
        contenders[f"sum, {precision}"] = repeated_sum(packed.network.num_bytes, sizes.num_tokens)
        num_bytes[f"sum, {precision}"] = num_bytes[precision]
    times = times_in_turns(contenders)
    base = statistics.median(times["torch"])
    for name, values in times.items():
        median = statistics.median(values)
        line = f"  {name:16} {sizes.num_streams * sizes.num_tokens / median:9,.0f} tokens/s"
        line += f" {base / median:6.1f} x"
        if name in num_bytes:
            rates = [num_bytes[name] / 1e9 / seconds for seconds in (median, values[0])]
            line += f" {rates[0]:6.1f} GB/s ({rates[1]:.1f})"
        print(line, flush=True)


def repeated_sum(num_bytes: int, count: int) -> Callable[[], object]:
    """Return a function that sums an array of this size several times."""
    values = torch.ones(num_bytes // 4)
    return lambda: [values.sum() for _ in range(count)]


def predict() -> None:
    """Print the milliseconds of `next_tokens` and `complete` with an LSTM of 2x650."""
    letters = random.Random(0)
    words = sorted(
        {"".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(9_990)}
    )
    tokenizer = train_tokenizer(TokenizerConfig(kind="word"), [" ".join(words)] * 3)
    config = RecurrentConfig(cell="lstm", num_layers=2, hidden_size=650, tied=True)
    model = config.build(NetworkSpec(vocabulary=tokenizer.vocabulary_spec)).eval()
    one, five = f"{words[5]} ", " ".join(words[7:12]) + " "
    for precision in PACKED_PRECISIONS:
        packed = pack_model(model, precision=precision)
        calls: dict[str, Callable[[], object]] = {
            "next, one word": lambda m=packed: next_tokens(m, tokenizer, context=one),
            "next, five words": lambda m=packed: next_tokens(m, tokenizer, context=five),
            "complete, five words": lambda m=packed: complete(m, tokenizer, context=five),
        }
        repeated = {name: lambda run=run: [run() for _ in range(10)] for name, run in calls.items()}
        for name, values in times_in_turns(repeated).items():
            median, best = 100 * statistics.median(values), 100 * values[0]
            print(f"{precision:9} {name:21} {median:6.2f} ms ({best:.2f})", flush=True)


def layers() -> None:
    """Print the milliseconds of minGRU and minLSTM layers, and of torch's LSTM beside them."""
    for kind in ("min_gru", "min_lstm"):
        pair = DiagonalPair(kind, num_layers=2, hidden_size=256, batch_size=8, num_steps=1024)
        times = times_in_turns(
            {
                "nextword, float32": lambda pair=pair: pair.our_pass(torch.float32),
                "nextword, bfloat16": lambda pair=pair: pair.our_pass(torch.bfloat16),
                "nn.LSTM, float32": lambda pair=pair: pair.their_pass(torch.float32),
                "nn.LSTM, bfloat16": lambda pair=pair: pair.their_pass(torch.bfloat16),
            }
        )
        base = statistics.median(times["nn.LSTM, float32"])
        for name, values in times.items():
            median = statistics.median(values)
            print(f"{kind:8} {name:18} {1e3 * median:7.1f} ms {base / median:5.1f} x", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("generate", "predict", "layers"))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    {"generate": generate, "predict": predict, "layers": layers}[parser.parse_args().what]()
