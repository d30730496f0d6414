"""Register the classes of nextword with transformers, so that no code of a folder is run."""

from nextword.interop.huggingface.export import register_causal_classes
from nextword.interop.huggingface.tasks import register_task_classes


def register_auto_classes() -> None:
    """Let the Auto classes of transformers load exported folders with the installed nextword.

    These are `AutoModelForCausalLM`, `AutoModelForTokenClassification`,
    `AutoModelForSequenceClassification`, `AutoModel`, `AutoConfig` and `AutoTokenizer`. Without
    this call, `from_pretrained` needs `trust_remote_code=True` and runs the code in the folder.
    Calling it again has no effect.

    Raises:
        MissingExtraError: transformers is not installed.

    Example:
        `register_auto_classes(); AutoModelForCausalLM.from_pretrained("demo-hf")`
    """
    register_causal_classes()
    register_task_classes()
