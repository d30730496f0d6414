"""nextword trains, evaluates and ships language models that predict the next word.

    import nextword as nw

    result = nw.train("corpus.txt", out="runs/mine", recipe="lstm-small")
    model = nw.load("runs/mine")
    model.next_words("the students opened their", k=5)

Importing nextword is fast and does not import torch. A name is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextword.api import (
        Model,
        export,
        filter_shards,
        load,
        mix,
        plan,
        rescore,
        run_config,
        train,
        train_classifier,
        train_reader,
        train_tagger,
        train_transducer,
    )
    from nextword.base import NextwordError
    from nextword.cells import register_cell
    from nextword.comparison import compare
    from nextword.families import register_family
    from nextword.generation import SamplingConfig, Session
    from nextword.layers import register_output
    from nextword.models import LanguageModel, State

__version__ = "0.1.0"

_HOMES = {
    "LanguageModel": "nextword.models",
    "Model": "nextword.api",
    "NextwordError": "nextword.base",
    "SamplingConfig": "nextword.generation",
    "Session": "nextword.generation",
    "State": "nextword.models",
    "compare": "nextword.comparison",
    "export": "nextword.api",
    "filter_shards": "nextword.api",
    "load": "nextword.api",
    "mix": "nextword.api",
    "plan": "nextword.api",
    "register_cell": "nextword.cells",
    "register_family": "nextword.families",
    "register_output": "nextword.layers",
    "rescore": "nextword.api",
    "run_config": "nextword.api",
    "train": "nextword.api",
    "train_classifier": "nextword.api",
    "train_reader": "nextword.api",
    "train_tagger": "nextword.api",
    "train_transducer": "nextword.api",
}

#: Methods of `Model` that may be looked for here.
_METHODS = frozenset(
    {
        *("audit", "complete", "decode", "encode", "evaluate", "generate", "hidden", "next_tokens"),
        *("next_words", "perplexity", "samples", "save", "score", "stream", "surprisal"),
        *("token_scores", "tokenizer"),
    }
)

__all__ = [
    "LanguageModel",
    "Model",
    "NextwordError",
    "SamplingConfig",
    "Session",
    "State",
    "__version__",
    "compare",
    "export",
    "filter_shards",
    "load",
    "mix",
    "plan",
    "register_cell",
    "register_family",
    "register_output",
    "rescore",
    "run_config",
    "train",
    "train_classifier",
    "train_reader",
    "train_tagger",
    "train_transducer",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        hint = f': {name} is a method of a model, nw.load("runs/mine")' if name in _METHODS else ""
        raise AttributeError(f"module 'nextword' has no attribute {name!r}{hint}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
