"""`report.html`: one file a person can open anywhere, with the card, the curve and the settings."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from nextword.base import encode, write_bytes, write_toml
from nextword.evaluation import PerplexityCard, render_card
from nextword.storage import RunFolder
from nextword.training.config import RunConfig

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
         padding: 0 1rem; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
  pre { padding: 1rem; overflow-x: auto; border: 1px solid #8884; border-radius: 6px;
        font: 13px/1.5 ui-monospace, monospace; }
  .figures { display: flex; flex-wrap: wrap; gap: 1rem; }
  .figure { border: 1px solid #8884; border-radius: 6px; padding: .7rem 1.1rem; }
  .figure b { display: block; font-size: 1.5rem; }
  img { max-width: 100%; background: #fff; border-radius: 6px; }
</style>
</head>
<body>
<h1>$title</h1>
<div class="figures">$figures</div>
$sections
</body>
</html>
""")


def write_report(
    run: RunFolder,
    *,
    config: RunConfig,
    result: Mapping[str, Any],
    cards: Sequence[PerplexityCard | None],
    samples: Sequence[str] = (),
) -> None:
    """Write the report of a finished run.

    Args:
        run: The run folder.
        config: Its settings.
        result: What `RunResult.to_dict` gives.
        cards: The perplexity cards there are.
        samples: Text the model wrote.
    """
    sections = [
        _section("What it writes", *(_preformatted(sample) for sample in samples)),
        _section("Training", *_pictures(run.plots_folder)),
        _section("Perplexity card", *(_preformatted(render_card(card)) for card in cards if card)),
        _section("Settings", _preformatted(write_toml(encode(config)))),
    ]
    page = _PAGE.substitute(
        title=html.escape(run.path.name),
        figures="".join(_figures(result)),
        sections="\n".join(section for section in sections if section),
    )
    write_bytes(run.report_file, page.encode("utf-8", errors="replace"))


def _figures(result: Mapping[str, Any]) -> list[str]:
    """Give the headline figures, each in a box."""
    figures = [("parameters", f"{result['num_parameters']:,}")]
    for part in ("validation", "test"):
        card = result[part]
        if card and card["perplexity"]:
            figures.append((f"{part} perplexity per token", f"{card['perplexity']:.5g}"))
        if card and card["bits_per_character"]:
            figures.append((f"{part} bits per character", f"{card['bits_per_character']:.4f}"))
    if result["seconds"] < 60.0:
        figures.append(("seconds of training", f"{result['seconds']:.1f}"))
    else:
        figures.append(("minutes of training", f"{result['seconds'] / 60:.1f}"))
    return [
        f'<div class="figure"><b>{html.escape(value)}</b>{html.escape(name)}</div>'
        for name, value in figures
    ]


def _section(title: str, *parts: str) -> str:
    return f"<h2>{html.escape(title)}</h2>\n" + "\n".join(parts) if parts else ""


def _preformatted(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"


def _pictures(folder: Path) -> list[str]:
    """Give every picture of the run inline, so that the page stands alone."""
    return [
        f'<img alt="{html.escape(path.stem)}" src="data:image/png;base64,'
        f'{base64.b64encode(path.read_bytes()).decode("ascii")}">'
        for path in sorted(folder.glob("*.png"))
    ]
