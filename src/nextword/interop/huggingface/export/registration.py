"""Register the classes of nextword with transformers, so that no code of a folder is run."""

from nextword.storage import import_transformers

#: `model_type` in the settings of an exported folder.
EXPORTED_MODEL_TYPE = "nextword_rnn"


def register_auto_classes() -> None:
    """Let `AutoModelForCausalLM` and the like load exported folders with the installed nextword.

    Without this call, `from_pretrained` needs `trust_remote_code=True` and runs the code in the
    folder. Calling it again has no effect.

    Raises:
        MissingExtraError: transformers is not installed.

    Example:
        `register_auto_classes(); AutoModelForCausalLM.from_pretrained("demo-hf")`
    """
    transformers = import_transformers()
    from nextword.interop.huggingface.export.configuration_nextword import NextwordConfig
    from nextword.interop.huggingface.export.modeling_nextword import (
        NextwordForCausalLM,
        NextwordModel,
    )

    transformers.AutoConfig.register(NextwordConfig.model_type, NextwordConfig, exist_ok=True)
    # With these, `save_pretrained` writes the code beside the weights.
    NextwordConfig.register_for_auto_class()
    for name, found in (
        ("AutoModel", NextwordModel),
        ("AutoModelForCausalLM", NextwordForCausalLM),
    ):
        getattr(transformers, name).register(NextwordConfig, found, exist_ok=True)
        found.register_for_auto_class(name)
