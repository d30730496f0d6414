"""Networks, back-propagation by hand, searches of units, measuring and drawing."""

from nextword.lab.tools.bptt import (
    BpttGradients,
    ElmanWeights,
    bptt_gradients,
    forward,
    step_jacobian,
)
from nextword.lab.tools.drawing import (
    draw_bars,
    draw_curves,
)
from nextword.lab.tools.measuring import (
    TensorMemory,
    cpu_seconds,
    line_fit,
)
from nextword.lab.tools.networks import (
    Report,
    Stream,
    auc,
    build_model,
    character_ids,
    first_cell,
    fit,
    lanes_of,
    mean_nll,
    relative_difference,
    unigram_entropy,
    use_reference,
)

__all__ = [
    "BpttGradients",
    "ElmanWeights",
    "Report",
    "Stream",
    "TensorMemory",
    "auc",
    "bptt_gradients",
    "build_model",
    "character_ids",
    "cpu_seconds",
    "draw_bars",
    "draw_curves",
    "first_cell",
    "fit",
    "forward",
    "lanes_of",
    "line_fit",
    "mean_nll",
    "relative_difference",
    "step_jacobian",
    "unigram_entropy",
    "use_reference",
]
