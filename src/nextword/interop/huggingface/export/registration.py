"""Register the classes of language models with transformers."""

from nextword.storage import import_transformers

#: `model_type` in the settings of an exported folder.
EXPORTED_MODEL_TYPE = "nextword_rnn"


def register_causal_classes() -> None:
    """Let the Auto classes load exported language models with the installed nextword.

    Raises:
        MissingExtraError: transformers is not installed.
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
