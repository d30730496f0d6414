"""Choice of the packed form of a model, which is kept as long as the weights do not change."""

import logging
from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from nextword.base import ConfigError, did_you_mean
from nextword.families import RecurrentLanguageModel
from nextword.models import LanguageModel, weight_versions
from nextword.packed.model import PackedLanguageModel
from nextword.packed.network import packed_network
from nextword.packed.support import (
    MOST_PACKED_BYTES,
    WEIGHT_BYTES,
    packed_bytes,
    why_not_packed,
)

_logger = logging.getLogger(__name__)

#: Names of the precisions of packed weights.
PACKED_PRECISIONS = tuple(WEIGHT_BYTES)

# Networks, not packed models, because those refer to the model, which would never be freed.
_networks: MutableMapping[LanguageModel, tuple[tuple[Any, ...], dict[str, Any]]] = (
    WeakKeyDictionary()
)
_noted: MutableMapping[LanguageModel, str] = WeakKeyDictionary()


def fast_model(model: LanguageModel) -> PackedLanguageModel | None:
    """Return the packed form of a model in float32, if the kernels can run it and it fits.

    The choice is logged. A model that is packed already is returned as it is.

    Args:
        model: Any language model.
    """
    if isinstance(model, PackedLanguageModel):
        return model
    reason = why_not_packed(model)
    if reason is None:
        assert isinstance(model, RecurrentLanguageModel)  # the kernels can run it
        size = packed_bytes(model, "float32")
        if size > MOST_PACKED_BYTES:
            reason = f"its packed weights would need {size / 2**20:.0f} MiB"
    if reason is not None:
        _note(model, f"single tokens are read by the layers of the model: {reason}")
        return None
    _note(model, "single tokens are read by the compiled generator in float32")
    return pack_model(model, precision="float32")


def pack_model(model: LanguageModel, *, precision: str = "float32") -> PackedLanguageModel:
    """Return a model with packed weights.

    Args:
        model: A recurrent language model with LSTM, GRU or Elman cells and a full softmax, on the
            CPU.
        precision: `float32`; `bfloat16`, with half of the memory; or `int8`, with a quarter, and a
            step for each row of a matrix. The change in perplexity can be measured with
            `nextword evaluate --precision`.

    Raises:
        ConfigError: The precision is unknown, or the kernels cannot run the model.
        DivergedError: A weight is not finite, and the precision is `int8`.

    Example:
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import VocabularySpec
        >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
        >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
        >>> pack_model(model, precision="int8").precision  # doctest: +SKIP
        'int8'
    """
    if precision not in PACKED_PRECISIONS:
        raise ConfigError(
            f"the precision {precision!r} is unknown.",
            help=did_you_mean(precision, PACKED_PRECISIONS),
        )
    reason = why_not_packed(model)
    if reason is not None:
        raise ConfigError(
            f"the model cannot be packed in {precision}: {reason}.",
            help="Leave the precision out.",
        )
    assert isinstance(model, RecurrentLanguageModel)  # the kernels can run it
    versions = weight_versions(dict(model.named_parameters()))
    known_versions, networks = _networks.get(model, ((), {}))
    if known_versions != versions:
        networks = {}
    if precision not in networks:
        networks = {**networks, precision: packed_network(model, precision=precision)}
        _networks[model] = (versions, networks)
        megabytes = networks[precision].num_bytes / 1e6
        _logger.info("packed %.1f MB of weights in %s", megabytes, precision)
    return PackedLanguageModel(model, precision=precision, network=networks[precision])


def _note(model: LanguageModel, choice: str) -> None:
    """Log a choice, once for each model."""
    if _noted.get(model) != choice:
        _noted[model] = choice
        _logger.info("%s", choice)
