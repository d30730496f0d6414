"""Time a training step of `lstm-medium` beside the same model written the plain way.

The peer has the shape of the word-language-model example of PyTorch: nn.Embedding, nn.LSTM,
nn.Linear, cross-entropy, clipping and SGD in float32, with torch's default settings. Both run in
one process, a step of ours then a step of the peer's; a sample counts only between two fast
probe products, because shared machines drift. The figure is the median of the pairwise ratios.

    python benchmarks/training_step.py --pairs 40 --json results.json
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import nextword as nw
from nextword.api import build_neural
from nextword.base import encode
from nextword.tensors import tune_process
from nextword.text import Corpus, text_document
from nextword.tokens import (
    Tokenizer,
    TokenizerConfig,
    TokenStore,
    build_store,
    train_tokenizer,
)
from nextword.training import TrainingState

VOCAB_SIZE, HIDDEN_SIZE, NUM_LAYERS = 10_000, 650, 2
PROBE_SIZE = 768
#: A pair counts when both probes around it are within this factor of the fastest probe seen.
PROBE_TOLERANCE = 1.25


class Peer(nn.Module):
    """The plain model: tied, dropout 0.5, as the example trains it."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.encoder = nn.Embedding(VOCAB_SIZE, HIDDEN_SIZE)
        self.core = nn.LSTM(HIDDEN_SIZE, HIDDEN_SIZE, NUM_LAYERS, dropout=0.5)
        self.decoder = nn.Linear(HIDDEN_SIZE, VOCAB_SIZE)
        self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)

    def forward(self, token_ids: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        outputs, state = self.core(self.dropout(self.encoder(token_ids)), state)
        logits = self.decoder(self.dropout(outputs))
        return torch.log_softmax(logits.view(-1, VOCAB_SIZE), dim=1), state


def peer_step(batch_size: int, bptt_steps: int) -> Callable[[], None]:
    model = Peer().train()
    ids = torch.randint(4, VOCAB_SIZE, (bptt_steps + 1, batch_size))
    state = tuple(torch.zeros(NUM_LAYERS, batch_size, HIDDEN_SIZE) for _ in range(2))

    def step() -> None:
        nonlocal state
        state = tuple(part.detach() for part in state)
        model.zero_grad()
        log_probs, state = model(ids[:-1], state)
        nn.functional.nll_loss(log_probs, ids[1:].reshape(-1)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for parameter in model.parameters():
            parameter.data.add_(parameter.grad, alpha=-20.0)

    return step


def our_step(batch_size: int, bptt_steps: int) -> Callable[[], None]:
    """A step of the recipe `lstm-medium` with this batch, as the trainer makes it."""
    settings = {"training": {"batch_size": batch_size, "bptt_steps": bptt_steps}}
    config = nw.run_config("made up", recipe="lstm-medium", settings=[settings])
    tokenizer = made_up_tokenizer()
    model = build_neural(encode(config), tokenizer)
    store = made_up_store(tokenizer)
    state = TrainingState(model, config, train=store, tokenizer=tokenizer)

    def step() -> None:
        if state.compute_gradient() is None:
            state.open_epoch()
            state.compute_gradient()
        state.apply_gradient(learning_rate=1e-3)

    return step


def made_up_tokenizer() -> Tokenizer:
    words = " ".join(f"w{number}" for number in range(VOCAB_SIZE - 4))
    return train_tokenizer(TokenizerConfig(kind="word", min_count=1), [words + "\n"])


def made_up_store(tokenizer: Tokenizer) -> TokenStore:
    numbers = np.random.default_rng(0).integers(0, VOCAB_SIZE - 4, 400_000)
    document = text_document(" ".join(f"w{n}" for n in numbers), name="made up")
    corpus = Corpus(description="made up", open_documents=lambda: iter([document]))
    return build_store(corpus, tokenizer, folder=None)


class Probe:
    """A small product whose time says whether the machine is at full speed right now."""

    def __init__(self) -> None:
        self.matrix = torch.randn(PROBE_SIZE, PROBE_SIZE)
        self.fastest = min(self.seconds() for _ in range(20))

    def seconds(self) -> float:
        started = time.perf_counter()
        self.matrix @ self.matrix
        return time.perf_counter() - started

    def is_fast(self) -> bool:
        seconds = self.seconds()
        self.fastest = min(self.fastest, seconds)
        return seconds <= PROBE_TOLERANCE * self.fastest


def seconds_of(step: Callable[[], None]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def at_default_precision(step: Callable[[], None]) -> Callable[[], None]:
    """Let the peer have torch's own matmul setting; the allocator's is the process's, for both."""

    def wrapped() -> None:
        chosen = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            step()
        finally:
            torch.set_float32_matmul_precision(chosen)

    return wrapped


def measure(num_pairs: int, batch_size: int, bptt_steps: int) -> dict[str, object]:
    """Interleave both and give the figures of the pairs that count."""
    # The peer comes first and warms up before the process is tuned: it is timed at its defaults,
    # except that the allocator's settings, once made, cannot be taken back.
    torch.manual_seed(0)
    theirs = at_default_precision(peer_step(batch_size, bptt_steps))
    untuned = [seconds_of(theirs) for _ in range(8)][3:]
    tuning = tune_process()
    ours, probe = our_step(batch_size, bptt_steps), Probe()
    for _ in range(3):
        ours()
        theirs()
    pairs: list[tuple[float, float]] = []
    discarded = 0
    while len(pairs) < num_pairs and discarded < 10 * num_pairs:
        before = probe.is_fast()
        our_seconds = seconds_of(ours)
        between = probe.is_fast()
        their_seconds = seconds_of(theirs)
        if before and between and probe.is_fast():
            pairs.append((our_seconds, their_seconds))
        else:
            discarded += 1
    if not pairs:
        raise SystemExit("no pair between two fast probes; the machine is too busy")
    tokens = batch_size * bptt_steps
    ours_median = statistics.median(our for our, _ in pairs)
    theirs_median = statistics.median(their for _, their in pairs)
    return {
        "case": f"lstm-medium 2x{HIDDEN_SIZE} V{VOCAB_SIZE}, batch {batch_size} x {bptt_steps}",
        "ratio": statistics.median(their / our for our, their in pairs),
        "ours_ms": 1000 * ours_median,
        "peer_ms": 1000 * theirs_median,
        "peer_untuned_allocator_ms": 1000 * statistics.median(untuned),
        "ours_tokens_per_second": tokens / ours_median,
        "peer_tokens_per_second": tokens / theirs_median,
        "pairs": len(pairs),
        "discarded": discarded,
        "threads": tuning.num_threads,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=30, help="pairs of steps that count")
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--bptt-steps", type=int, default=35)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    figures = measure(options.pairs, options.batch_size, options.bptt_steps)
    print(json.dumps(figures, indent=2))
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
