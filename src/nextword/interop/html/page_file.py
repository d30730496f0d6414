"""The HTML file: template, style, scripts and a model in one text."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from nextword.base import Values
from nextword.interop.html.contents import PageContents
from nextword.pages import shared_file

_FOLDER = Path(__file__).parent
#: The modules of the model, in an order in which each imports only modules before it.
ENGINE_MODULES = (
    "engine/weights.js",
    "engine/cells.js",
    "engine/network.js",
    "engine/ngrams.js",
    "engine/tokenizer.js",
    "engine/sampling.js",
    "engine/reader.js",
    "engine/engine.js",
)
#: The modules of what is seen, in the same order.
PAGE_MODULES = (
    "elements.js",
    "plot.js",
    "colored_text.js",
    "suggestion_list.js",
    "unit_plot.js",
    "page/labels.js",
    "page/suggestions.js",
    "page/units.js",
    "page/generation.js",
    "page/main.js",
)
_IMPORT = re.compile(r"^import \{[^}]*\} from \"\.{1,2}/[^\"]+\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def html_model_page(
    contents: PageContents,
    *,
    title: str,
    facts: Sequence[str],
    prompt: str = "",
    remark: str = "",
) -> str:
    """Return a page that runs a model in the browser.

    The page contains everything it needs. Its Content-Security-Policy allows only its own script
    and style, and no network.

    Args:
        contents: The model; see `page_contents`.
        title: Title of the page, as plain text.
        facts: Short facts below the title, as plain text.
        prompt: The text in the page when it is opened.
        remark: A sentence at the end of the page, as plain text.
    """
    script = joined_modules(ENGINE_MODULES + PAGE_MODULES)
    style = "\n" + _source("base.css") + _source("page/page.css")
    data: Values = {**contents.data, "page": {"prompt": prompt}}
    template = Template(_source("page/page.html"))
    return template.substitute(
        title=html.escape(title),
        facts="".join(f"<li>{html.escape(fact)}</li>" for fact in facts),
        remark=html.escape(remark),
        policy=_policy(script, style),
        style=style,
        script=script,
        data=_embedded_json(data),
        arrays=contents.arrays,
    )


def joined_modules(names: Sequence[str]) -> str:
    """Return modules as one module, without their imports and exports.

    Args:
        names: Paths of the modules in this folder, or names of modules that pages share. Each
            imports only modules before it, and no two define the same name.
    """
    parts = []
    for name in names:
        source = _EXPORT.sub("", _IMPORT.sub("", _source(name)))
        parts.append(f"// {name}\n{source}")
    return "\n".join(parts)


def _source(name: str) -> str:
    """Return a file of this folder, or, without a folder in its name, one that pages share."""
    if "/" not in name:
        return shared_file(name)
    return (_FOLDER / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Return a Content-Security-Policy that allows this script and this style, nothing else."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _embedded_json(value: Values) -> str:
    """Return JSON for a script element, in which only "</" and "<!--" have a meaning."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
