"""Choice of the packed form of a model, which is kept as long as the weights do not change."""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from nextword.base import ConfigError, did_you_mean
from nextword.families import RecurrentLanguageModel
from nextword.models import LanguageModel, weight_versions
from nextword.packed.model import PackedLanguageModel, PackedMemory
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


@dataclass(kw_only=True, eq=False)
class _Forms:
    """The packed forms of a model.

    They are networks, not packed models, because those refer to the model, which would never be
    freed.

    Attributes:
        versions: Key of the weights; see `weight_versions`.
        reason: Why it cannot be packed; None if it can.
        networks: Packed weights by precision.
        memories: What is known of each of them.
        noted: The choice that was logged.
    """

    versions: tuple[Any, ...]
    reason: str | None
    networks: dict[str, Any] = field(default_factory=dict)
    memories: dict[str, PackedMemory] = field(default_factory=dict)
    noted: str = ""


_forms: MutableMapping[LanguageModel, _Forms] = WeakKeyDictionary()


def fast_model(model: LanguageModel) -> PackedLanguageModel | None:
    """Return the packed form of a model in float32, if the kernels can run it and it fits.

    For models of the family `recurrent` the choice is logged. A model that is packed already is
    returned as it is.

    Args:
        model: Any language model.
    """
    if isinstance(model, PackedLanguageModel):
        return model
    forms = _forms_of(model)
    reason = forms.reason
    if not isinstance(model, RecurrentLanguageModel):
        return None
    if reason is None and "float32" not in forms.networks:
        size = packed_bytes(model, "float32")
        if size > MOST_PACKED_BYTES:
            reason = f"its packed weights would need {size / 2**20:.0f} MiB"
    if reason is not None:
        _note(forms, f"single tokens are read by the layers of the model: {reason}")
        return None
    _note(forms, "single tokens are read by the compiled generator in float32")
    return _packed_model(model, forms, precision="float32")


def pack_model(model: LanguageModel, *, precision: str = "float32") -> PackedLanguageModel:
    """Return a model with packed weights.

    Args:
        model: A recurrent language model with LSTM, GRU or Elman cells and a full softmax, on the
            CPU; or its packed form in another precision.
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
    if isinstance(model, PackedLanguageModel):
        model = model.unpacked
    forms = _forms_of(model)
    if forms.reason is not None:
        raise ConfigError(
            f"the model cannot be packed in {precision}: {forms.reason}.",
            help="Leave the precision out.",
        )
    return _packed_model(model, forms, precision=precision)


def with_precision(model: LanguageModel, precision: str) -> LanguageModel:
    """Return a model with packed weights, or with `float32` the model if it cannot be packed.

    Args:
        model: Any language model.
        precision: `float32`, `bfloat16` or `int8`.

    Raises:
        ConfigError: The precision is unknown, or lower than `float32` for a model that the kernels
            cannot run.
        DivergedError: A weight is not finite, and the precision is `int8`.
    """
    can_be_packed = isinstance(model, PackedLanguageModel) or _forms_of(model).reason is None
    if precision == "float32" and not can_be_packed:
        return model
    return pack_model(model, precision=precision)


def _forms_of(model: LanguageModel) -> _Forms:
    """Return the packed forms of a model, without those of other weights."""
    if not isinstance(model, RecurrentLanguageModel):
        return _Forms(versions=(), reason=why_not_packed(model))
    versions = weight_versions(dict(model.named_parameters()))
    forms = _forms.get(model)
    if forms is None or forms.versions != versions:
        noted = "" if forms is None else forms.noted
        forms = _Forms(versions=versions, reason=why_not_packed(model), noted=noted)
        _forms[model] = forms
    return forms


def _packed_model(model: LanguageModel, forms: _Forms, *, precision: str) -> PackedLanguageModel:
    assert isinstance(model, RecurrentLanguageModel)  # the kernels can run it
    if precision not in forms.networks:
        network = packed_network(model, precision=precision)
        forms.networks[precision], forms.memories[precision] = network, PackedMemory()
        _logger.info("packed %.1f MB of weights in %s", network.num_bytes / 1e6, precision)
    return PackedLanguageModel(
        model,
        precision=precision,
        network=forms.networks[precision],
        memory=forms.memories[precision],
    )


def _note(forms: _Forms, choice: str) -> None:
    """Log a choice, once for each model of the family."""
    if forms.noted != choice:
        forms.noted = choice
        _logger.info("%s", choice)
