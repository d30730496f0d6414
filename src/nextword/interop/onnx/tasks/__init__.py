"""Write a tagger or a text classifier as an ONNX file for onnxruntime."""

from nextword.interop.onnx.tasks.folder import (
    OnnxTaskExport,
    RoundedLabels,
    write_onnx_task_folder,
)

__all__ = ["OnnxTaskExport", "RoundedLabels", "write_onnx_task_folder"]
