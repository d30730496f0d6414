"""Reading with a transformers model: ids and a cache in, logits and a cache out.

Architectures hand out their caches under different names, and some go on from one wrongly, or mix
up rows. Whether a model does so rightly is not looked up but tried.
"""

import inspect
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import FormatError
from nextword.interop.huggingface.caches import (
    Cache,
    cache_rows,
    cache_tensors,
    joined,
)
from nextword.interop.huggingface.files import first_line
from nextword.tensors import TokenIds

_CACHE_NAMES = ("past_key_values", "cache_params", "state")
_NUM_TRIED = 7
_NUM_OTHERS = 2
#: Ids that may be read of a model that does not show how many it has.
_SMALLEST_VOCABULARY = 2
#: Largest difference, as a share of the span of the logits, that rounding explains in float32.
ROUNDING = 1e-4

Logits = Float[Tensor, "batch time vocab"]


class CausalModel:
    """A transformers model, tried for what it makes of several rows and of its own caches.

    Args:
        network: An `AutoModelForCausalLM`, in evaluation mode, on its device.

    Attributes:
        vocab_size: Ids that it gives scores to.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._uses_cache = True
        token_ids = self.some_ids(1)
        logits, _ = self._tried(token_ids)
        self.vocab_size: int = logits.shape[2]
        together, _ = self._tried(token_ids.repeat(2, 1))
        self._reads_rows_together = together.shape[:2] == (2, 1)
        self._uses_cache = self._reads_alike_for_cache()

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(self.network.parameters()).device

    def read(self, token_ids: TokenIds, cache: Cache | None = None) -> tuple[Logits, Cache | None]:
        """Read tokens after those that are in a cache.

        Args:
            token_ids: (batch, time), without padding.
            cache: What an earlier call gave; the model may write into it. None to begin.

        Returns:
            Logits, (batch, time, vocab), and the new cache; None where the model gives none.
        """
        try:
            return self._read_rows(token_ids, cache)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            raise FormatError(
                f"the {type(self.network).__name__} fails when it reads {token_ids.shape[1]:,} "
                f"tokens: {first_line(error)}.",
                help="It may have fewer positions than its config.json says; correct them there.",
            ) from error

    def _read_rows(self, token_ids: TokenIds, cache: Cache | None) -> tuple[Logits, Cache | None]:
        if len(token_ids) == 1 or self._reads_rows_together:
            return self._read(token_ids, cache)
        rows = torch.arange(len(token_ids), device=token_ids.device)[:, None]
        read = [
            self._read(token_ids[row], None if cache is None else cache_rows(cache, row))
            for row in rows
        ]
        logits = torch.cat([row_logits for row_logits, _ in read])
        return logits, joined([row_cache for _, row_cache in read])

    def goes_on(self, *, num_at_once: int, after: TokenIds | None = None) -> bool:
        """Return whether reading on by so many tokens at once can be trusted, after some others."""
        if after is not None and self.padding_id is not None:
            has_padding = bool((after == self.padding_id).any())
            if has_padding and not self.goes_on_after_padding:
                return False
        return self.goes_on_by_tokens if num_at_once == 1 else self.goes_on_in_chunks

    @cached_property
    def goes_on_by_tokens(self) -> bool:
        """Whether reading on from a cache a token at a time gives what reading at once does."""
        return self._goes_on(1)

    @cached_property
    def goes_on_in_chunks(self) -> bool:
        """Whether reading on from a cache by several tokens gives what reading at once does.

        Some architectures begin from an empty memory then, and nothing says so.
        """
        return self._goes_on(_NUM_TRIED)

    @cached_property
    def fixed_cache(self) -> Cache | None:
        """The cache of one row if its size does not grow with what is read; else None."""
        token_ids = self.some_ids(_NUM_TRIED)
        _, shorter = self._tried(token_ids[:, :2])
        _, longer = self._tried(token_ids)
        if shorter is None or longer is None:
            return None
        sizes = [[part.shape for part in cache_tensors(cache)] for cache in (shorter, longer)]
        return shorter if sizes[0] and sizes[0] == sizes[1] else None

    @cached_property
    def goes_on_after_padding(self) -> bool:
        """Whether padding that was read is a token like any other to what reads on from the cache.

        To RoBERTa it is no position, unless it was read in an earlier call.
        """
        if self.padding_id is None:
            return True
        token_ids = self.some_ids(_NUM_TRIED)
        token_ids[0, 0] = self.padding_id
        return self._goes_on(_NUM_TRIED, token_ids)

    @property
    def padding_id(self) -> int | None:
        """The id of the padding, where the settings name one that can be read."""
        found = getattr(getattr(self.network, "config", None), "pad_token_id", None)
        return found if isinstance(found, int) and 0 <= found < self.num_ids else None

    def _reads_alike_for_cache(self) -> bool:
        """Return whether scores are the same when a cache is asked for."""
        token_ids = self.some_ids(_NUM_TRIED)
        self._uses_cache = False
        expected = self.logits(token_ids)
        self._uses_cache = True
        try:
            return self._is_close(self.logits(token_ids), expected)
        except Exception:
            return False

    @staticmethod
    def _is_close(logits: Logits, expected: Logits) -> bool:
        if logits.shape != expected.shape:
            return False
        difference = (logits - expected).abs().max()
        return bool(difference <= ROUNDING * (expected.max() - expected.min()))

    def _goes_on(self, num_at_once: int, token_ids: TokenIds | None = None) -> bool:
        if token_ids is None:
            token_ids = self.some_ids(_NUM_TRIED)
        whole = self.logits(token_ids)
        try:
            return self._is_close(self._in_pieces(token_ids, num_at_once), whole)
        except Exception:
            # ProphetNet, for one, refuses to go on by several tokens.
            return False

    def _in_pieces(self, token_ids: TokenIds, num_at_once: int) -> Logits:
        first, cache = self._tried(token_ids[:, : _NUM_TRIED // 2])
        if cache is None:
            return torch.full_like(first, torch.nan)
        parts, row = [first], torch.zeros(1, dtype=torch.int64, device=self.device)
        for piece in torch.split(token_ids[:, _NUM_TRIED // 2 :], num_at_once, dim=1):
            # As it will be read on from: as a copy.
            logits, cache = self._tried(piece, cache_rows(cache, row))
            parts.append(logits)
        return torch.cat(parts, dim=1)

    @torch.no_grad()
    def _tried(self, token_ids: TokenIds, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        return self._read(token_ids, cache)

    def _read(self, token_ids: TokenIds, cache: Cache | None) -> tuple[Tensor, Cache | None]:
        arguments: dict[str, Any] = {} if cache is None else {self._cache_name(): cache}
        outputs = self.network(input_ids=token_ids, use_cache=self._uses_cache, **arguments)
        if not self._uses_cache:
            return outputs.logits, None
        caches = (getattr(outputs, name, None) for name in _CACHE_NAMES)
        return outputs.logits, next((found for found in caches if found is not None), None)

    @property
    def num_ids(self) -> int:
        """Ids that it can read."""
        find = getattr(self.network, "get_input_embeddings", None)
        rows = getattr(find() if find is not None else None, "num_embeddings", None)
        sizes = (rows, getattr(self, "vocab_size", None))
        return min((size for size in sizes if size is not None), default=_SMALLEST_VOCABULARY)

    @property
    def num_parameters(self) -> int:
        """Numbers that it computes with."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def some_ids(self, num_tokens: int) -> TokenIds:
        """Return one row of ids to try it with: the same each time, and not consecutive.

        None of them is the padding, which some architectures do not count as a position.
        """
        generator = torch.Generator().manual_seed(0)
        ids = torch.randint(self.num_ids, (1, num_tokens), generator=generator)
        if self.padding_id is not None:
            ids[ids == self.padding_id] = (self.padding_id + 1) % self.num_ids
        return ids.to(self.device)

    def other_ids(self, token_id: Tensor) -> list[int]:
        """Return some ids other than one, to put in its place."""
        number = int(token_id)
        others = {int(other) for other in self.some_ids(_NUM_TRIED)[0]}
        return sorted(others - {number})[:_NUM_OTHERS]

    def logits(self, token_ids: TokenIds) -> Logits:
        """Read tokens from the beginning and return the scores alone."""
        logits, _ = self._tried(token_ids)
        return logits

    def _cache_name(self) -> str:
        """Name the argument that takes the cache."""
        arguments = inspect.signature(self.network.forward).parameters
        return next(name for name in _CACHE_NAMES if name in arguments)
