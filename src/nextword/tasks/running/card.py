"""The model card of a task's model."""

from collections.abc import Mapping

from nextword.base import Values, write_toml

#: What a model of a task is called, and its name on the Hugging Face hub.
_NAMES = {
    "tagging": ("tagger", "token-classification"),
    "classification": ("text classifier", "text-classification"),
    "reading": ("reader", "question-answering"),
    "transduction": ("sequence-to-sequence model", "text2text-generation"),
}


def write_task_card(
    *,
    name: str,
    kind: str,
    config: Values,
    num_parameters: int,
    usage: str,
    measured: Mapping[str, str] | None = None,
) -> str:
    """Return the model card as Markdown with YAML metadata.

    Args:
        name: Name of the model.
        kind: The task.
        config: The settings of its training run.
        num_parameters: Number of parameters.
        usage: Python code that uses the model.
        measured: Its scores as text, by `validation` or `test`; None during training.
    """
    title, pipeline = _NAMES.get(kind, (f"model of the task {kind}", kind))
    scores = "\n\n".join(
        f"On the {data} data:\n\n```text\n{text}\n```" for data, text in (measured or {}).items()
    )
    return f"""---
library_name: nextword
pipeline_tag: {pipeline}
tags:
- {kind}
---

# {name}

A {title} with {num_parameters:,} parameters, trained with nextword.

## How good it is

{scores or "Training is not finished."}

## How to use it

```python
{usage.strip()}
```

## How it was made

```toml
{write_toml(config).strip()}
```
"""
