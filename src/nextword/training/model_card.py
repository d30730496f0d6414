"""The model card: a README.md with the perplexity, the usage and the settings of a model."""

from collections.abc import Sequence

from nextword.base import Values, write_toml
from nextword.evaluation import PerplexityCard, render_card

_FRONT_MATTER = """---
library_name: nextword
pipeline_tag: text-generation
tags:
- language-model
- {family}
---
"""


def write_model_card(
    *, name: str, config: Values, num_parameters: int, cards: Sequence[PerplexityCard] = ()
) -> str:
    """Return the model card as Markdown with YAML metadata.

    Args:
        name: Name of the model.
        config: The resolved settings of its training run.
        num_parameters: Number of trained parameters.
        cards: Its perplexity on held-out texts; empty during training.
    """
    measured = "\n\n".join(f"```text\n{render_card(card)}\n```" for card in cards)
    return "\n".join(
        [
            _FRONT_MATTER.format(family=config["model"]["family"]),
            f"# {name}",
            "",
            f"A language model with {num_parameters:,} parameters, trained with nextword."
            f"{_vectors(config.get('embedding', {}))}",
            "",
            "## How good it is",
            "",
            measured or "Training is not finished; measure it with `nextword evaluate`.",
            "",
            "## How to use it",
            "",
            "```python",
            "import nextword as nw",
            "",
            'model = nw.load("path/to/this/folder")',
            'print(model.generate("The", max_tokens=50))',
            "```",
            "",
            "## How it was made",
            "",
            "```toml",
            write_toml(config).strip(),
            "```",
            "",
        ]
    )


def _vectors(embedding: Values) -> str:
    """Return a sentence about pretrained embeddings; empty without any."""
    if embedding.get("kind") != "pretrained":
        return ""
    text = f" Its word vectors were initialized from {embedding['path']}"
    text += " and not trained" * embedding["frozen"]
    if embedding["add_words"]:
        text += (
            f"; its vocabulary includes up to {embedding['add_words']:,} words of that file that "
            "are not in its training text"
        )
    return f"{text}."
