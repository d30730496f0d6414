"""Programs that generate text with the same network, one token at a time."""

from nextword.benchmarking.generation.onnx_peer import has_onnxruntime, onnx_step
from nextword.benchmarking.generation.ours import our_log_probs, our_model, our_step
from nextword.benchmarking.generation.peer import GeneratePeer, GenerateSizes, peer_step

__all__ = [
    "GeneratePeer",
    "GenerateSizes",
    "has_onnxruntime",
    "onnx_step",
    "our_log_probs",
    "our_model",
    "our_step",
    "peer_step",
]
