"""Trying a transformers model before any figure is computed: no number of its settings is trusted.

Many classes that load as causal language models read in both directions, unless a setting says
otherwise. So ids are changed, and earlier scores must not move.
"""

from pathlib import Path

import torch
from torch import Tensor

from nextword.base import FormatError
from nextword.interop.huggingface.reading import ROUNDING, CausalModel

#: Tokens read for each trial, times the number of parameters; what bounds the time it takes.
MAX_WORK = 1 << 31
_FEWEST_TOKENS, _MOST_TOKENS = 8, 256
#: What reading equally many tokens again may move scores, as a share of their range.
_CHANGED = 1e-5


def check_network(causal: CausalModel, folder: Path, *, context_size: int | None) -> None:
    """Refuse a model that gives no fixed, finite scores, or that reads ahead.

    Args:
        causal: The model.
        folder: Where it lies, for messages.
        context_size: Positions that it has; None where they do not end.

    Raises:
        FormatError: The scores are not finite, differ from one call to the next, or depend on later
            tokens.
    """
    name = f"{folder} holds a {type(causal.network).__name__}"
    num_tokens = _num_tokens(causal, context_size)
    _check_scores(causal, name, num_tokens=num_tokens)
    # In a short text each token weighs more, so that networks with small weights are seen through.
    _check_causal(causal, name, num_tokens=min(_FEWEST_TOKENS, num_tokens), limit=_CHANGED)
    _check_causal(causal, name, num_tokens=num_tokens, limit=ROUNDING)


def _check_scores(causal: CausalModel, name: str, *, num_tokens: int) -> None:
    token_ids = causal.some_ids(num_tokens)
    logits = causal.logits(token_ids)
    if bool(torch.isnan(logits).any() | torch.isposinf(logits).any()):
        raise FormatError(
            f"{name} whose scores are not finite.", help="Its weights are damaged; save it again."
        )
    if _difference(causal.logits(token_ids), logits) > ROUNDING:
        raise FormatError(
            f"{name} that gives other scores each time it reads the same tokens.",
            help="Only models that give the same text the same probability can be measured.",
        )


def _check_causal(causal: CausalModel, name: str, *, num_tokens: int, limit: float) -> None:
    token_ids = causal.some_ids(num_tokens)
    logits = causal.logits(token_ids)
    places = sorted({1, num_tokens // 2, num_tokens - 1} & {*range(1, num_tokens)})
    for place in places:
        for other in causal.other_ids(token_ids[0, place]):
            changed = token_ids.clone()
            changed[0, place] = other
            moved = _difference(causal.logits(changed)[:, :place], logits[:, :place])
            if not moved <= limit:
                raise FormatError(
                    f"{name} that reads ahead: token {place + 1} of {num_tokens} changes the "
                    f"scores before it, by {moved:.2g} of their range.",
                    help="It was made to fill gaps, not to predict the next token. If it was "
                    "trained as a decoder, set is_decoder to true in its config.json.",
                )

    for place in places:
        _check_length(causal, name, token_ids[:, :place], logits[:, :place])


def _check_length(causal: CausalModel, name: str, token_ids: Tensor, expected: Tensor) -> None:
    if not _difference(causal.logits(token_ids), expected) <= ROUNDING:
        raise FormatError(
            f"{name} whose scores depend on how many tokens follow: the first "
            f"{token_ids.shape[1]} alone have other scores than with more after them.",
            help="Such a model gives a text no single probability.",
        )


def _num_tokens(causal: CausalModel, context_size: int | None) -> int:
    affordable = MAX_WORK // max(1, causal.num_parameters)
    wanted = min(_MOST_TOKENS, max(_FEWEST_TOKENS, affordable))
    return wanted if context_size is None else min(wanted, context_size)


def _difference(logits: Tensor, expected: Tensor) -> float:
    """Return the largest difference, as a share of the range of the expected scores."""
    if not expected.numel():
        return 0.0
    finite = expected[torch.isfinite(expected)]
    span = float(finite.max() - finite.min()) if finite.numel() else 0.0
    differences = (logits - expected).abs().masked_fill(logits == expected, 0.0)
    # Two scores that are minus infinity are equal; one beside a finite score is not.
    return float(differences.max()) / span if span else float(differences.max())
