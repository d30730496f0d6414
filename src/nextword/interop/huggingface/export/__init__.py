"""Write a recurrent language model as a folder that transformers loads.

The files whose names end in `_nextword` are copied beside the weights, so they import torch,
transformers and each other only.
"""

from nextword.interop.huggingface.export.folder import HuggingFaceExport, write_huggingface_folder
from nextword.interop.huggingface.export.registration import (
    EXPORTED_MODEL_TYPE,
    register_causal_classes,
)

__all__ = [
    "EXPORTED_MODEL_TYPE",
    "HuggingFaceExport",
    "register_causal_classes",
    "write_huggingface_folder",
]
