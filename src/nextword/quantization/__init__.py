"""Smaller weights: 8 bits per weight of a network, 16 bits per log-probability of an n-gram model.

A quantized model can be dequantized, and evaluated like any other. So the change in perplexity is
measured, not assumed.
"""

from nextword.quantization.network import QuantizedNetwork, quantize_network
from nextword.quantization.ngrams import QuantizedNgrams, quantize_ngrams
from nextword.quantization.rows import QuantizedRows, quantize_rows
from nextword.quantization.steps import QuantizedValues, quantize_values

__all__ = [
    "QuantizedNetwork",
    "QuantizedNgrams",
    "QuantizedRows",
    "QuantizedValues",
    "quantize_network",
    "quantize_ngrams",
    "quantize_rows",
    "quantize_values",
]
