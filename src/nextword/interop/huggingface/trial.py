"""Test that a transformers model is a causal language model before any figure is computed.

Many classes that load as causal language models are bidirectional unless a setting changes that.
The test changes one id and requires that the logits before it stay the same.
"""

from pathlib import Path

import torch
from torch import Tensor

from nextword.base import FormatError
from nextword.interop.huggingface.reading import ROUNDING, CausalModel

#: Limit of the tokens of one test times the number of parameters; bounds its time.
MAX_WORK = 1 << 31
_FEWEST_TOKENS, _MOST_TOKENS = 8, 256
#: Largest change of logits between two equal forward passes, as a share of their range.
_CHANGED = 1e-5


def check_network(causal: CausalModel, folder: Path, *, context_size: int | None) -> None:
    """Raise an error unless the logits of a model are finite, deterministic and causal.

    Args:
        causal: The model.
        folder: Folder of the model, for error messages.
        context_size: Number of positions; None for a recurrent model.

    Raises:
        FormatError: The logits are not finite, differ between calls, or depend on later tokens.
    """
    name = f"{folder} contains a {type(causal.network).__name__}"
    num_tokens = _num_tokens(causal, context_size)
    _check_scores(causal, name, num_tokens=num_tokens)
    # One token changes more in a short text, which reveals leaks in networks with small weights.
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
            help="Only a model that gives the same text the same probability can be evaluated.",
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
                    help="It may be a masked language model, not a causal one. If it was "
                    "trained as a decoder, set is_decoder to true in its config.json.",
                )

    for place in places:
        _check_length(causal, name, token_ids[:, :place], logits[:, :place])


def _check_length(causal: CausalModel, name: str, token_ids: Tensor, expected: Tensor) -> None:
    if not _difference(causal.logits(token_ids), expected) <= ROUNDING:
        raise FormatError(
            f"{name} whose scores depend on how many tokens follow: the first "
            f"{token_ids.shape[1]} alone have other scores than with more after them.",
            help="Such a model has no single probability for a text.",
        )


def _num_tokens(causal: CausalModel, context_size: int | None) -> int:
    affordable = MAX_WORK // max(1, causal.num_parameters)
    wanted = min(_MOST_TOKENS, max(_FEWEST_TOKENS, affordable))
    return wanted if context_size is None else min(wanted, context_size)


def _difference(logits: Tensor, expected: Tensor) -> float:
    """Return the largest difference, as a share of the range of the expected logits."""
    if not expected.numel():
        return 0.0
    finite = expected[torch.isfinite(expected)]
    span = float(finite.max() - finite.min()) if finite.numel() else 0.0
    differences = (logits - expected).abs().masked_fill(logits == expected, 0.0)
    # Two logits of minus infinity are equal; minus infinity and a finite logit are not.
    return float(differences.max()) / span if span else float(differences.max())
