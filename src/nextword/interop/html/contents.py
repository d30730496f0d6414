"""What the page needs of a model: its sizes and its quantized weights; refuses other models."""

from dataclasses import dataclass

from nextword.base import ConfigError, Values
from nextword.families import NgramLanguageModel, RecurrentLanguageModel
from nextword.interop.html.arrays import ArrayBlock
from nextword.interop.html.network_data import add_network
from nextword.interop.html.tokenizer_data import tokenizer_data
from nextword.models import LanguageModel
from nextword.quantization import quantize_network, quantize_ngrams
from nextword.tokens import Tokenizer


@dataclass(frozen=True, kw_only=True, eq=False)
class PageContents:
    """A quantized model, as the page reads it.

    Attributes:
        data: Description of the model and of its tokenizer, as JSON values.
        arrays: The weights or tables, as compressed base64.
        precision: How weights are stored, such as `int8 weights`.
        dequantized: The model with the weights that the page computes with. Its probabilities are
            those of the page up to rounding.
    """

    data: Values
    arrays: str
    precision: str
    dequantized: LanguageModel


def page_contents(model: LanguageModel, tokenizer: Tokenizer) -> PageContents:
    """Quantize a model and describe it for the page.

    Args:
        model: A recurrent network of LSTM, GRU or Elman layers, or an n-gram model.
        tokenizer: Its tokenizer.

    Raises:
        ConfigError: The page cannot compute this model or tokenizer; the message says why.
        DivergedError: A weight is not finite.
    """
    known = tokenizer_data(tokenizer)
    if type(model) is RecurrentLanguageModel:
        return _recurrent_contents(model, known)
    if type(model) is NgramLanguageModel:
        return _ngram_contents(model, known)
    raise ConfigError(
        f"an HTML page computes recurrent networks and n-gram models; this model is of the family "
        f"{model.family}.",
        help="Export a model of the recipes lstm-small, gru, elman, char-lstm or ngram-5.",
    )


def _recurrent_contents(model: RecurrentLanguageModel, tokenizer: Values) -> PageContents:
    block = ArrayBlock()
    described = add_network(block, model)
    quantized = quantize_network(model)
    for name, rows in quantized.matrices.items():
        block.add_rows(name, rows)
    for name, vector in quantized.vectors.items():
        block.add_vector(name, vector)
    return _contents(
        {"family": "recurrent", **_ids(model), **described},
        tokenizer=tokenizer,
        block=block,
        precision="int8 weights",
        dequantized=quantized.dequantized(),
    )


def _ngram_contents(model: NgramLanguageModel, tokenizer: Values) -> PageContents:
    block = ArrayBlock()
    quantized = quantize_ngrams(model)
    for order, keys in enumerate(model.tables.keys, start=2):
        block.add_ascending(f"keys.{order}", keys)
    for order, values in enumerate(quantized.log_probs, start=1):
        block.add_steps(f"log_probs.{order}", values)
    for order, values in enumerate(quantized.backoffs, start=1):
        block.add_steps(f"backoffs.{order}", values)
    ids = {"boundary_id": model.boundary_id, "start_id": model.start_id}
    return _contents(
        {"family": "ngram", "order": model.order, **_ids(model), **ids},
        tokenizer=tokenizer,
        block=block,
        precision="16-bit log-probabilities",
        dequantized=quantized.dequantized(),
    )


def _ids(model: LanguageModel) -> Values:
    return {"vocab_size": model.vocab_size, "never_ids": list(model.never_ids)}


def _contents(
    described: Values,
    *,
    tokenizer: Values,
    block: ArrayBlock,
    precision: str,
    dequantized: LanguageModel,
) -> PageContents:
    return PageContents(
        data={"model": described, "tokenizer": tokenizer, "arrays": block.entries},
        arrays=block.base64(),
        precision=precision,
        dequantized=dequantized,
    )
