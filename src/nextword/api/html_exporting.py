"""Exporting a model as one HTML file that runs in a browser."""

from typing import TYPE_CHECKING

from nextword.api.export_request import ExportRequest, exported_name
from nextword.api.model import Model
from nextword.base import Values, created_folder, write_bytes
from nextword.families import decode_model_settings
from nextword.models import LanguageModel
from nextword.storage import disk_errors

if TYPE_CHECKING:
    from nextword.interop.html import PageContents


def write_html_page(model: Model, request: ExportRequest) -> Values:
    """Write a page that runs a model in a browser; an existing file is replaced.

    Returns:
        The details of `Export`.

    Raises:
        CheckpointError: The file cannot be written.
        ConfigError: The page cannot compute this model.
    """
    from nextword.interop.html import html_model_page, page_contents

    contents = page_contents(model.language_model, model.tokenizer)
    details: Values = {"precision": contents.precision}
    if request.texts is not None:
        details |= rounded_perplexities(model, contents.dequantized, request=request)
    page = html_model_page(
        contents,
        title=exported_name(model) if request.title is None else request.title,
        facts=_facts(model, contents),
        prompt=request.prompt,
        remark=_remark(details),
    )
    with disk_errors(request.out), created_folder(request.out.parent):
        write_bytes(request.out, page.encode("utf-8"))
    return details


def rounded_perplexities(model: Model, rounded: LanguageModel, *, request: ExportRequest) -> Values:
    """Return the perplexity of a model, and that of the same model with rounded weights.

    Args:
        model: The model.
        rounded: The model with rounded weights.
        request: The texts, and the progress callback.

    Returns:
        `perplexity` and `rounded_perplexity`.
    """
    other = Model.of(rounded, model.tokenizer, config=model.config, path=model.path)
    names = {
        "perplexity": (model, exported_name(model)),
        "rounded_perplexity": (other, "rounded"),
    }
    return {
        key: each.evaluate(request.texts, name=name, on_progress=request.on_progress).perplexity
        for key, (each, name) in names.items()
    }


def _facts(model: Model, contents: "PageContents") -> list[str]:
    language_model = model.language_model
    if language_model.family == "ngram":
        described = f"n-grams up to {contents.data['model']['order']} tokens"
        size = f"{language_model.num_parameters:,} values"
    else:
        described = decode_model_settings(model.config, source=str(model.path)).model.describe()
        size = f"{language_model.num_parameters:,} parameters"
    tokenizer = f"{model.tokenizer.vocab_size:,} {_UNITS[model.tokenizer.unit]}"
    return [described, size, contents.precision, tokenizer, "runs offline in this page"]


_UNITS = {"word": "words", "character": "characters", "byte": "bytes", "subword": "byte pairs"}


def _remark(details: Values) -> str:
    """Return how the numbers of the page relate to those of the model."""
    text = f"Made by nextword. The page computes with {details['precision']}"
    if "perplexity" not in details:
        return f"{text}; its probabilities differ a little from those of the trained model."
    own, rounded = details["perplexity"], details["rounded_perplexity"]
    return f"{text}: perplexity {rounded:.2f}, with the trained weights {own:.2f}."
