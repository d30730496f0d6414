"""The forward pass of a transformers model: token ids and a cache in, logits and a cache out.

Architectures return their caches under different names. Some continue from a cache incorrectly or
mix up rows of a batch. Whether a model is correct is found by running it.
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
from nextword.storage import first_sentence
from nextword.tensors import TokenIds

_CACHE_NAMES = ("past_key_values", "cache_params", "state")
_NUM_TRIED = 7
_NUM_OTHERS = 2
#: Assumed vocabulary size of a model whose number of embeddings is unknown.
_SMALLEST_VOCABULARY = 2
#: Largest rounding error in float32, as a share of the range of the logits.
ROUNDING = 1e-4

Logits = Float[Tensor, "batch time vocab"]


class CausalModel:
    """A transformers model whose handling of batches and caches has been tested.

    Args:
        network: An `AutoModelForCausalLM`, in evaluation mode, on its device.

    Attributes:
        vocab_size: Number of logits for each token.
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
        """Device of the parameters."""
        return next(self.network.parameters()).device

    def read(self, token_ids: TokenIds, cache: Cache | None = None) -> tuple[Logits, Cache | None]:
        """Return the logits after each token, given the tokens in a cache.

        Args:
            token_ids: Ids to read, (batch, time), without padding.
            cache: Cache of an earlier call, which the model may change; None for the first call.

        Returns:
            Logits, (batch, time, vocab), and the new cache; None if the model has no cache.

        Raises:
            FormatError: The model raises an error.
        """
        try:
            return self._read_rows(token_ids, cache)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            raise FormatError(
                f"the {type(self.network).__name__} fails when it reads {token_ids.shape[1]:,} "
                f"tokens: {first_sentence(error)}.",
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

    def can_continue(self, *, num_at_once: int, after: TokenIds | None = None) -> bool:
        """Return whether the model continues correctly from a cache.

        Args:
            num_at_once: Number of new tokens.
            after: Ids of the tokens in the cache, (batch, time).
        """
        if after is not None and self.padding_id is not None:
            has_padding = bool((after == self.padding_id).any())
            if has_padding and not self.can_continue_after_padding:
                return False
        return self.can_continue_by_tokens if num_at_once == 1 else self.can_continue_in_chunks

    @cached_property
    def can_continue_by_tokens(self) -> bool:
        """Whether continuing from a cache token by token gives the logits of one forward pass."""
        return self._can_continue(1)

    @cached_property
    def can_continue_in_chunks(self) -> bool:
        """Whether continuing from a cache by several tokens gives the logits of one forward pass.

        Some architectures silently ignore the cache in this case.
        """
        return self._can_continue(_NUM_TRIED)

    @cached_property
    def fixed_cache(self) -> Cache | None:
        """A cache of one row if its size does not depend on the number of tokens; else None."""
        token_ids = self.some_ids(_NUM_TRIED)
        _, shorter = self._tried(token_ids[:, :2])
        _, longer = self._tried(token_ids)
        if shorter is None or longer is None:
            return None
        sizes = [[part.shape for part in cache_tensors(cache)] for cache in (shorter, longer)]
        return shorter if sizes[0] and sizes[0] == sizes[1] else None

    @cached_property
    def can_continue_after_padding(self) -> bool:
        """Whether the model continues correctly from a cache that has read the padding token.

        RoBERTa gives padding no position, unless it was read in an earlier call.
        """
        if self.padding_id is None:
            return True
        token_ids = self.some_ids(_NUM_TRIED)
        token_ids[0, 0] = self.padding_id
        return self._can_continue(_NUM_TRIED, token_ids)

    @property
    def padding_id(self) -> int | None:
        """Id of the padding token; None if the settings name none in the vocabulary."""
        found = getattr(getattr(self.network, "config", None), "pad_token_id", None)
        return found if isinstance(found, int) and 0 <= found < self.num_ids else None

    def _reads_alike_for_cache(self) -> bool:
        """Return whether the logits are the same with `use_cache=True`."""
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

    def _can_continue(self, num_at_once: int, token_ids: TokenIds | None = None) -> bool:
        if token_ids is None:
            token_ids = self.some_ids(_NUM_TRIED)
        whole = self.logits(token_ids)
        try:
            return self._is_close(self._in_pieces(token_ids, num_at_once), whole)
        except Exception:
            # ProphetNet, for example, raises an error for several tokens.
            return False

    def _in_pieces(self, token_ids: TokenIds, num_at_once: int) -> Logits:
        first, cache = self._tried(token_ids[:, : _NUM_TRIED // 2])
        if cache is None:
            return torch.full_like(first, torch.nan)
        parts, row = [first], torch.zeros(1, dtype=torch.int64, device=self.device)
        for piece in torch.split(token_ids[:, _NUM_TRIED // 2 :], num_at_once, dim=1):
            # A copy, because `read` is given copies.
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
        """Number of ids that the model can read."""
        find = getattr(self.network, "get_input_embeddings", None)
        rows = getattr(find() if find is not None else None, "num_embeddings", None)
        sizes = (rows, getattr(self, "vocab_size", None))
        return min((size for size in sizes if size is not None), default=_SMALLEST_VOCABULARY)

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def some_ids(self, num_tokens: int) -> TokenIds:
        """Return one row of random ids to test the model with, the same in each call.

        The padding token is left out, because some architectures give it no position.
        """
        generator = torch.Generator().manual_seed(0)
        ids = torch.randint(self.num_ids, (1, num_tokens), generator=generator)
        if self.padding_id is not None:
            ids[ids == self.padding_id] = (self.padding_id + 1) % self.num_ids
        return ids.to(self.device)

    def other_ids(self, token_id: Tensor) -> list[int]:
        """Return some ids other than the given one."""
        number = int(token_id)
        others = {int(other) for other in self.some_ids(_NUM_TRIED)[0]}
        return sorted(others - {number})[:_NUM_OTHERS]

    def logits(self, token_ids: TokenIds) -> Logits:
        """Return the logits of a text, (batch, time, vocab), without a cache."""
        logits, _ = self._tried(token_ids)
        return logits

    def _cache_name(self) -> str:
        """Return the name of the argument for the cache."""
        arguments = inspect.signature(self.network.forward).parameters
        return next(name for name in _CACHE_NAMES if name in arguments)
