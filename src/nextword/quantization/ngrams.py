"""N-gram models with 16-bit log-probabilities and back-off weights."""

from dataclasses import dataclass, replace

from nextword.families import NgramLanguageModel
from nextword.quantization.steps import QuantizedValues, quantize_values
from nextword.tokens import VocabularySpec


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantizedNgrams:
    """The tables of an n-gram model with 16-bit values; the n-grams themselves are unchanged.

    Attributes:
        model: The model they come from.
        log_probs: Quantized log-probabilities, order 1 first, in nats.
        backoffs: Quantized logarithms of the back-off weights, order 1 first.
    """

    model: NgramLanguageModel
    log_probs: tuple[QuantizedValues, ...]
    backoffs: tuple[QuantizedValues, ...]

    def dequantized(self) -> NgramLanguageModel:
        """Return the model with the values that the codes represent.

        The probabilities of a distribution sum to 1 up to the rounding error of the values, about
        1e-4.
        """
        model = self.model
        tables = replace(
            model.tables,
            log_probs=tuple(values.dequantized() for values in self.log_probs),
            backoffs=tuple(values.dequantized() for values in self.backoffs),
        )
        vocabulary = VocabularySpec(
            vocab_size=model.vocab_size,
            boundary_id=model.boundary_id,
            start_id=model.start_id,
            never_ids=model.never_ids,
        )
        return NgramLanguageModel(tables, vocabulary=vocabulary)


def quantize_ngrams(model: NgramLanguageModel) -> QuantizedNgrams:
    """Quantize the log-probabilities and back-off weights of an n-gram model to 16 bits.

    Args:
        model: The model; it is not changed.
    """
    return QuantizedNgrams(
        model=model,
        log_probs=tuple(map(quantize_values, model.tables.log_probs)),
        backoffs=tuple(map(quantize_values, model.tables.backoffs)),
    )
