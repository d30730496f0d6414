"""Write a tagger or a text classifier as a folder that transformers loads.

The files whose names end in `_nextword_task` are copied beside the weights, so they import torch,
transformers and each other only.
"""

from nextword.interop.huggingface.tasks.folder import HuggingFaceTaskExport, write_task_folder
from nextword.interop.huggingface.tasks.registration import register_task_classes

__all__ = ["HuggingFaceTaskExport", "register_task_classes", "write_task_folder"]
