"""How far back a model remembers: changed tokens, cut contexts, recall, completion."""

from nextword.inspection.memory.comparison import MemoryResult, ModelMemory, inspect_memory
from nextword.inspection.memory.completion import Completion, completion_by_typed
from nextword.inspection.memory.context import ContextCurve, context_curve
from nextword.inspection.memory.grids import distances
from nextword.inspection.memory.influence import Influence, token_influence
from nextword.inspection.memory.recall import (
    Recall,
    RecallGroup,
    RecallItem,
    RecallScore,
    read_recall_items,
    recall,
)
from nextword.inspection.memory.report import notes, table_header, table_rows, write_memory
from nextword.inspection.memory.targets import (
    DEFAULT_CHARACTERS,
    MemoryText,
    draw_positions,
    draw_shared_positions,
    read_memory_text,
)

__all__ = [
    "DEFAULT_CHARACTERS",
    "Completion",
    "ContextCurve",
    "Influence",
    "MemoryResult",
    "MemoryText",
    "ModelMemory",
    "Recall",
    "RecallGroup",
    "RecallItem",
    "RecallScore",
    "completion_by_typed",
    "context_curve",
    "distances",
    "draw_positions",
    "draw_shared_positions",
    "inspect_memory",
    "notes",
    "read_memory_text",
    "read_recall_items",
    "recall",
    "table_header",
    "table_rows",
    "token_influence",
    "write_memory",
]
