"""The public Python interface: load a model, use it, and train one.

The command line is built on it. A name is imported when it is first used, because using a model
does not need the training code, and importing that takes time.

Each use of a model has a file of its own: therefore more than 12 files.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextword.api.adaptation import AdaptationSettings, adaptation_settings, adapted_cards
    from nextword.api.export_request import ExportRequest
    from nextword.api.exporting import Export, check_format, export, writes_folder
    from nextword.api.filtering import filter_shards
    from nextword.api.html_exporting import write_html_page
    from nextword.api.loading import load, load_language_model
    from nextword.api.mixing import MixtureResult, mix
    from nextword.api.model import Model
    from nextword.api.reading import reading_config, train_reader
    from nextword.api.rescoring import rescore
    from nextword.api.tasks import (
        classification_config,
        tagging_config,
        train_classifier,
        train_tagger,
    )
    from nextword.api.training import DEFAULT_RECIPE, plan, run_config, train
    from nextword.api.transduction import train_transducer, transduction_config
    from nextword.api.untrained import untrained_model, untrained_twin

_HOMES = {
    "AdaptationSettings": "nextword.api.adaptation",
    "DEFAULT_RECIPE": "nextword.api.training",
    "Export": "nextword.api.exporting",
    "ExportRequest": "nextword.api.export_request",
    "MixtureResult": "nextword.api.mixing",
    "Model": "nextword.api.model",
    "adaptation_settings": "nextword.api.adaptation",
    "adapted_cards": "nextword.api.adaptation",
    "check_format": "nextword.api.exporting",
    "classification_config": "nextword.api.tasks",
    "export": "nextword.api.exporting",
    "filter_shards": "nextword.api.filtering",
    "load": "nextword.api.loading",
    "load_language_model": "nextword.api.loading",
    "mix": "nextword.api.mixing",
    "plan": "nextword.api.training",
    "reading_config": "nextword.api.reading",
    "rescore": "nextword.api.rescoring",
    "run_config": "nextword.api.training",
    "tagging_config": "nextword.api.tasks",
    "train": "nextword.api.training",
    "train_classifier": "nextword.api.tasks",
    "train_reader": "nextword.api.reading",
    "train_tagger": "nextword.api.tasks",
    "train_transducer": "nextword.api.transduction",
    "transduction_config": "nextword.api.transduction",
    "untrained_model": "nextword.api.untrained",
    "untrained_twin": "nextword.api.untrained",
    "write_html_page": "nextword.api.html_exporting",
    "writes_folder": "nextword.api.exporting",
}

__all__ = [
    "DEFAULT_RECIPE",
    "AdaptationSettings",
    "Export",
    "ExportRequest",
    "MixtureResult",
    "Model",
    "adaptation_settings",
    "adapted_cards",
    "check_format",
    "classification_config",
    "export",
    "filter_shards",
    "load",
    "load_language_model",
    "mix",
    "plan",
    "reading_config",
    "rescore",
    "run_config",
    "tagging_config",
    "train",
    "train_classifier",
    "train_reader",
    "train_tagger",
    "train_transducer",
    "transduction_config",
    "untrained_model",
    "untrained_twin",
    "write_html_page",
    "writes_folder",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nextword.api' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
