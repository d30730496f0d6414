"""Write a recurrent language model as an ONNX file, and run it with onnxruntime."""

from nextword.interop.onnx.folder import OnnxExport, write_onnx_folder
from nextword.interop.onnx.session import OnnxLanguageModel

__all__ = ["OnnxExport", "OnnxLanguageModel", "write_onnx_folder"]
