"""A tiny encoder-decoder with random weights, and plain loops that define what it computes."""

from itertools import product

import torch

from nextword.tasks.decoding import DecoderConfig, Symbols, TargetConfig, TargetLengths
from nextword.tasks.transduction.batch import PairBatch
from nextword.tasks.transduction.config import (
    SourceConfig,
    SourceEncoderConfig,
    TransductionConfig,
)
from nextword.tasks.transduction.data import pair_batch
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tasks.transduction.network.parts import TransducerParts

SOURCES = ("ab", "a", "bbabc", "cab", "c")
TARGETS = ("xy", "xxyx", "y", "yyyx", "x")


def tiny_parts(*, seed_texts: tuple[str, ...] = TARGETS, **decoder: object) -> TransducerParts:
    """Parts over the characters a, b, c and x, y."""
    encoder = {"cell": decoder.get("cell", "lstm"), "hidden_size": 5, "embedding_size": 4}
    settings = {"attention": "general", **encoder, **decoder}
    return TransducerParts(
        source=Symbols.learn(SourceConfig(), SOURCES),
        target=Symbols.learn(TargetConfig(), seed_texts),
        encoder=SourceEncoderConfig(**encoder),
        decoder=DecoderConfig(**settings),
        config=TransductionConfig(dropout=0.0, label_smoothing=0.0),
        lengths=TargetLengths(longest=4, ratio=1.0),
    )


def tiny_model(parts: TransducerParts, *, seed: int = 0, scale: float = 3.0) -> EncoderDecoder:
    """A float64 model whose weights are large enough that its predictions differ."""
    torch.manual_seed(seed)
    model = parts.build(backend="reference").double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=scale / max(1, parameter.shape[-1]) ** 0.5)
    return model


def tiny_batch(parts: TransducerParts, rows: slice = slice(None)) -> PairBatch:
    return pair_batch(
        [parts.source.encode(text) for text in SOURCES[rows]],
        [parts.target.encode(text) for text in TARGETS[rows]],
        source=parts.source,
        target=parts.target,
    )


@torch.no_grad()
def plain_log_probs(model: EncoderDecoder, source: torch.Tensor, target: list[int]) -> list[float]:
    """log p of each token of a target that ends with the end token, one source, step by step."""
    memory, state = model.encode(source[None], torch.tensor([len(source)]))
    log_probs, last = [], 2
    for token_id in target:
        logits, state = model.decoder.step(torch.tensor([last]), state, memory=memory)
        place = model.decoder.output_ids.tolist().index(token_id)
        log_probs.append(float(torch.log_softmax(logits[0], 0)[place]))
        last = token_id
    return log_probs


def all_targets(model: EncoderDecoder, source: torch.Tensor, *, limit: int) -> dict[tuple, float]:
    """The log-probability of every target of at most `limit` known tokens, with its end."""
    known = [i for i in model.decoder.output_ids.tolist() if i not in (1, 3)]
    return {
        target: sum(plain_log_probs(model, source, [*target, 3]))
        for length in range(limit + 1)
        for target in product(known, repeat=length)
    }


@torch.no_grad()
def plain_greedy(model: EncoderDecoder, source: torch.Tensor, *, limit: int) -> tuple[int, ...]:
    """Greedy search of one source, without padding and unknown tokens."""
    memory, state = model.encode(source[None], torch.tensor([len(source)]))
    found, last = [], 2
    while len(found) < limit:
        logits, state = model.decoder.step(torch.tensor([last]), state, memory=memory)
        logits[0, model.decoder.output_ids == 1] = -torch.inf
        last = int(model.decoder.output_ids[logits.argmax()])
        if last == 3:
            break
        found.append(last)
    return tuple(found)
