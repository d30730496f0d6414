"""`nextword info`: describe a model."""

import re
from typing import TYPE_CHECKING, Any

from nextword.cli.info_files import file_rows, list_files
from nextword.cli.loading import load_any_model
from nextword.cli.options import ArpaEncoding, Debug, Json, Model
from nextword.cli.output import aligned, write_json, write_line
from nextword.cli.task_info import describe_task, render_task

if TYPE_CHECKING:
    from nextword import api

_MEASURED = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"^(perplexity .*?|bits .*?|text|without unknown)  +(.+)$")

#: Figures that a card leaves out if they are undefined.
_MAYBE_UNDEFINED = ("perplexity_per_word", "bits_per_character", "bits_per_byte")


def info(
    model: Model, encoding: ArpaEncoding = None, *, json: Json = False, debug: Debug = False
) -> None:
    """Describe a model: family or task, sizes, settings, evaluation results and files."""
    from nextword import api
    from nextword.base import write_toml

    loaded = load_any_model(model, device="cpu", encoding=encoding)
    if not isinstance(loaded, api.Model):
        described = describe_task(loaded, name=model)
        if json:
            write_json(described)
        else:
            write_line(render_task(described))
        return
    found = describe(loaded, name=model)
    if json:
        write_json(found)
        return
    tokenizer = f"{found['tokenizer']}"
    rows = [
        ("model", found["model"]),
        ("family", found["family"]),
        ("parameters", f"{found['num_parameters']:,}"),
        *((name.replace("_", " "), f"{value:,}") for name, value in found["details"].items()),
        ("tokenizer", tokenizer),
        *file_rows(found),
    ]
    write_line(aligned(rows))
    for figures in measured_figures(loaded.card):
        text = figures.pop("text", "another text")
        write_line(f"\nscores on {text}\n{aligned(list(figures.items()))}")
    write_line(f"\n{write_toml(found['settings']).strip()}")


def describe(model: "api.Model", *, name: str) -> dict[str, Any]:
    """Return a description of a model as JSON values.

    Args:
        model: The model.
        name: Name of the model as the user gave it.
    """
    from nextword.evaluation import describe_tokenizer

    files = list_files(model.path)
    return {
        "model": name,
        "path": str(model.path),
        "family": model.language_model.family,
        "num_parameters": model.language_model.num_parameters,
        "details": model.language_model.details,
        "tokenizer": describe_tokenizer(model.tokenizer),
        "vocab_size": model.tokenizer.vocab_size,
        "measured": [
            dict.fromkeys(_MAYBE_UNDEFINED) | as_values(figures)
            for figures in measured_figures(model.card)
        ],
        "num_bytes": sum(file["num_bytes"] for file in files),
        "files": files,
        "settings": model.config,
    }


def measured_figures(card: str) -> list[dict[str, str]]:
    """Return the evaluation results in a model card, one mapping per text.

    Lines that a user has edited into another format are ignored.
    """
    found = []
    for block in _MEASURED.findall(card):
        matches = (_FIGURE.match(line.strip()) for line in block.splitlines())
        figures = {match[1]: match[2] for match in matches if match}
        if figures:
            found.append(figures)
    return found


def as_values(figures: dict[str, str]) -> dict[str, Any]:
    """Return figures as JSON values: names with underscores, numbers, and None for `-`.

    Example:
        >>> as_values({"text": "a.txt", "perplexity per word": "7,573.28", "bits per byte": "-"})
        {'text': 'a.txt', 'perplexity_per_word': 7573.28, 'bits_per_byte': None}
    """
    return {
        label.replace(" ", "_"): value if label == "text" else _number(value)
        for label, value in figures.items()
    }


def _number(figure: str) -> float | None:
    try:
        return float(figure.split()[0].replace(",", ""))
    except ValueError:
        return None
