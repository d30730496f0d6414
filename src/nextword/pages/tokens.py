"""Text as colored tokens: values of each token on hover, click and arrow keys. Knows no models."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass

#: Digits kept of a value.
_DIGITS = 3


@dataclass(frozen=True, kw_only=True)
class TokenSeries:
    """Values that color the tokens of a figure; positive ones orange, negative ones blue.

    A series has either one value per token, or values that depend on the selected token.

    Attributes:
        name: Name of the series, as plain text.
        values: One value per token.
        back: For each token, the values of itself and of the tokens before it, nearest first;
            shown while this token is selected.
        limit: The absolute value with the full color; the largest absolute value when None.
    """

    name: str
    values: Sequence[float] = ()
    back: Sequence[Sequence[float]] = ()
    limit: float | None = None


def token_figure(
    texts: Sequence[str],
    *,
    series: Sequence[TokenSeries],
    details: Sequence[str] = (),
    caption: str,
    start: int | None = None,
) -> str:
    """Return text as colored tokens, as HTML for a page with `interactive`.

    The first series colors the tokens without a script too, for print.

    Args:
        texts: The text of each token.
        series: At least one series; a menu selects between several.
        details: Text to show for each token besides its values, such as the most probable next
            words; plain text.
        caption: What the figure shows, as plain text.
        start: Token that is selected first; none when None.
    """
    data = {
        "texts": [_clean(text) for text in texts],
        "series": [_values(each) for each in series],
        "details": [_clean(detail) for detail in details],
        "start": start,
    }
    # Within a script element only "</" and "<!--" have a meaning; neither occurs in the JSON.
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    menu = ""
    if len(series) > 1:
        options = "".join(f"<option>{html.escape(each.name)}</option>" for each in series)
        menu = f"<label>Show <select>{options}</select></label>"
    return (
        f'<figure class="tokens"><figcaption>{html.escape(_clean(caption))} Hover, tap, or focus '
        f"the text and use the arrow keys.</figcaption>{menu}"
        f'<div class="text" tabindex="0" role="group" aria-label="{html.escape(_clean(caption))}">'
        f"{_marks(texts, series[0], start)}</div>{_key(series)}"
        f'<div class="details" aria-live="polite"></div>'
        f'<script type="application/json">{content}</script></figure>'
    )


def _marks(texts: Sequence[str], series: TokenSeries, start: int | None) -> str:
    values = list(series.values) or [0.0] * len(texts)
    if series.back and start is not None:
        for lag, value in enumerate(series.back[start]):
            values[start - lag] = value
    limit = series.limit or max((abs(value) for value in values), default=0.0)
    return "".join(
        _mark(text, value / limit if limit else 0.0)
        for text, value in zip(texts, values, strict=True)
    )


def _mark(text: str, share: float) -> str:
    side = ' class="n"' if share < 0.0 else ""
    strength = round(min(1.0, abs(share)), 2)
    style = f' style="--v:{strength:g}"' if strength else ""
    return f"<i{side}{style}>{html.escape(_clean(text))}</i>"


def _key(series: Sequence[TokenSeries]) -> str:
    """Return the color key: from blue over nothing to orange, or to orange only."""
    is_signed = any(
        value < 0.0 for each in series for row in (each.values, *each.back) for value in row
    )
    if not is_signed:
        colors = "transparent, rgb(217 72 15 / .8)"
        return (
            f'<div class="key">0<span style="background:linear-gradient(to right, {colors})">'
            "</span>largest</div>"
        )
    colors = "rgb(34 110 230 / .8), transparent, rgb(217 72 15 / .8)"
    return (
        f'<div class="key">negative<span style="background:linear-gradient(to right, {colors})">'
        "</span>positive</div>"
    )


def _values(series: TokenSeries) -> dict[str, object]:
    values: dict[str, object] = {"name": series.name}
    if series.back:
        values["back"] = [[_rounded(value) for value in row] for row in series.back]
    else:
        values["values"] = [_rounded(value) for value in series.values]
    if series.limit is not None:
        values["limit"] = series.limit
    return values


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _clean(text: str) -> str:
    """Return text that can be encoded as UTF-8: lone surrogates become escapes."""
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")
