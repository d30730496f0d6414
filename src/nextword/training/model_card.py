"""The model card: a README.md that says what a model is, how good it is, and how to use it."""

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
    """Give the card as Markdown with a YAML head.

    Args:
        name: What the model is called.
        config: The resolved settings of the run that made it.
        num_parameters: Trained numbers.
        cards: Its perplexity on held-out texts; empty while training goes on.
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
    """Say where the vectors of its words come from, if not from its own training."""
    if embedding.get("kind") != "pretrained":
        return ""
    text = f" Its word vectors began as those of {embedding['path']}"
    text += " and were kept as they are" * embedding["frozen"]
    if embedding["add_words"]:
        text += (
            f"; its vocabulary holds up to {embedding['add_words']:,} words that its training text "
            f"lacks, from {embedding['path']}"
        )
    return f"{text}."
