"""The folder of an exported network: `model.onnx`, its tokenizer, and what a program must know."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import FormatError, Values, write_json
from nextword.interop.exported_tokenizer import exported_tokenizer
from nextword.interop.onnx.extra import import_onnx
from nextword.interop.onnx.network import OnnxNetwork, onnx_network
from nextword.interop.onnx.quantized import write_quantized
from nextword.interop.onnx.session import OnnxLanguageModel
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, VocabularySpec

#: Largest difference of log-probabilities from those of the model, in nats.
_LARGEST_DIFFERENCE = 1e-4
#: Batches and lengths that are compared.
_SHAPES = ((1, 1), (2, 5), (5, 17), (1, 33), (9, 2))
#: Key of the settings in the metadata of the file.
_METADATA = "nextword"


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxExport:
    """What was written.

    Attributes:
        max_difference: Largest difference of log-probabilities from those of the model on random
            tokens, in nats, over several batch sizes and lengths.
        is_step: Whether the graph reads one token at a time.
        quantized: The model with 8-bit weights as onnxruntime computes it; None without `int8`.
    """

    max_difference: float
    is_step: bool
    quantized: OnnxLanguageModel | None


def write_onnx_folder(
    model: LanguageModel, tokenizer: Tokenizer, *, folder: Path, int8: bool = False
) -> OnnxExport:
    """Write a recurrent network as `model.onnx`, with its tokenizer and settings.

    Args:
        model: The network.
        tokenizer: Its tokenizer.
        folder: An empty folder.
        int8: Whether to write `model.int8.onnx` too.

    Raises:
        ConfigError: The file cannot hold this model or tokenizer; the message says why.
        FormatError: onnxruntime computes other numbers; the model has weights that are not finite.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    backend = exported_tokenizer(tokenizer)
    described = _described(model, tokenizer)
    network = onnx_network(model, metadata={_METADATA: json.dumps(described)})
    path = folder / "model.onnx"
    import_onnx().save(network.model, path)
    run = _running(path, network, tokenizer.vocabulary_spec)
    # `max` of Python would drop a NaN.
    difference = float(torch.tensor([_difference(model, run, each) for each in _SHAPES]).max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise FormatError(
            f"log-probabilities computed by onnxruntime differ by {difference:.2g} nats from those "
            "of the model.",
            help="Its weights may not be finite; evaluate the model with nextword evaluate.",
        )
    state = {
        name: {"size": len(part), "initial": part.tolist() if bool(part.any()) else 0.0}
        for name, part in network.state.items()
    }
    write_json(folder / "config.json", {**described, "one_token": network.is_step, "state": state})
    (folder / "tokenizer.json").write_text(backend.to_str(pretty=True), encoding="utf-8")
    quantized = None
    if int8:
        write_quantized(path, folder / "model.int8.onnx")
        quantized = _running(folder / "model.int8.onnx", network, tokenizer.vocabulary_spec)
    return OnnxExport(max_difference=difference, is_step=network.is_step, quantized=quantized)


def _described(model: LanguageModel, tokenizer: Tokenizer) -> Values:
    return {
        "vocab_size": model.vocab_size,
        "boundary_id": model.boundary_id,
        "banned_ids": list(tokenizer.banned_ids),
    }


def _running(path: Path, network: OnnxNetwork, vocabulary: VocabularySpec) -> OnnxLanguageModel:
    return OnnxLanguageModel(
        path, vocabulary=vocabulary, state=network.state, is_step=network.is_step
    )


@torch.no_grad()
def _difference(model: LanguageModel, run: OnnxLanguageModel, shape: tuple[int, int]) -> float:
    """Return the largest difference on two successive batches of random tokens, in nats."""
    generator = torch.Generator().manual_seed(0)
    own, other = model.initial_state(shape[0]), run.initial_state(shape[0])
    differences = []
    for _ in range(2):
        token_ids = torch.randint(model.vocab_size, shape, generator=generator)
        expected, own = model.next_log_probs(token_ids, own)
        found, other = run.next_log_probs(token_ids, other)
        apart = (found - expected).abs().masked_fill(found == expected, 0.0)
        differences.append(float(apart.max()))
    return float(torch.tensor(differences).max())
