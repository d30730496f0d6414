"""Register the classes of taggers and classifiers with transformers."""

from types import SimpleNamespace
from typing import Any

from nextword.storage import import_transformers


def import_task_classes() -> Any:
    """Return the classes whose code is written beside the weights, by their names.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    import_transformers()
    from nextword.interop.huggingface.tasks import (
        configuration_nextword_task,
        modeling_nextword_task,
        tokenization_nextword_task,
    )

    return SimpleNamespace(
        NextwordTaskConfig=configuration_nextword_task.NextwordTaskConfig,
        NextwordTaskModel=modeling_nextword_task.NextwordTaskModel,
        NextwordForTokenClassification=modeling_nextword_task.NextwordForTokenClassification,
        NextwordForSequenceClassification=modeling_nextword_task.NextwordForSequenceClassification,
        NextwordTaskTokenizer=tokenization_nextword_task.NextwordTaskTokenizer,
    )


def register_task_classes() -> None:
    """Let the Auto classes load exported taggers and classifiers with the installed nextword.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    transformers, classes = import_transformers(), import_task_classes()
    config = classes.NextwordTaskConfig
    transformers.AutoConfig.register(config.model_type, config, exist_ok=True)
    tokenizer = classes.NextwordTaskTokenizer
    transformers.AutoTokenizer.register(config, fast_tokenizer_class=tokenizer, exist_ok=True)
    # With these, `save_pretrained` writes the code beside the weights.
    config.register_for_auto_class()
    tokenizer.register_for_auto_class()
    for name, found in (
        ("AutoModel", classes.NextwordTaskModel),
        ("AutoModelForTokenClassification", classes.NextwordForTokenClassification),
        ("AutoModelForSequenceClassification", classes.NextwordForSequenceClassification),
    ):
        getattr(transformers, name).register(config, found, exist_ok=True)
        found.register_for_auto_class(name)
