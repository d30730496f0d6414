"""`comparison.html`: the table, the pictures, and two models token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from nextword.api import Model
from nextword.base import write_bytes
from nextword.comparison.rows import Figure, Part, Row
from nextword.comparison.table import FIGURE_TITLES, ranked, render_markdown
from nextword.comparison.tokens import TokenComparison, TokenGroup, compare_tokens
from nextword.inspection import next_words_along, passage_of_ids
from nextword.pages import (
    TokenSeries,
    html_page,
    html_section,
    html_table,
    inline_picture,
    paragraph,
    token_figure,
)
from nextword.tokens import TokenStore

PAGE_FILE = "comparison.html"
#: Number of tokens of the colored text, and of tokens shown before an extreme one.
_SHOWN_TOKENS, _CONTEXT_TOKENS = 400, 8
#: The difference of log-probabilities with the full color, in nats.
_FULL_COLOR_NATS = 4.0
_ALT = {
    "time.png": "Figure of each row over the minutes of training",
    "size.png": "Figure of each row over the number of parameters",
    "context.png": "Figure of each row over the length of the context",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two models that are compared token by token.

    Attributes:
        name: Name of its row.
        num_seeds: Number of seeds of the row.
        model: The model, that of the first seed.
        nll: Negative log-likelihood of each token, (tokens), in nats.
    """

    name: str
    num_seeds: int
    model: Model
    nll: Float64[np.ndarray, " tokens"]


def write_page(
    path: Path,
    rows: Sequence[Row],
    *,
    measured: Part,
    figure: Figure,
    pictures: Sequence[Path],
    protocol: str,
    between: Sequence[str] = (),
) -> None:
    """Write the page of a comparison.

    Args:
        path: The HTML file.
        rows: The rows.
        measured: The text on which rows are compared.
        figure: The figure by which rows are compared.
        pictures: PNG files.
        protocol: What all rows have in common, and where their tokenizers or resets differ.
        between: Sections that `token_sections` returned.
    """
    best = ranked(rows, measured=measured, figure=figure)[0]
    value = best.mean(measured, figure) if best.results else None
    lines = render_markdown(rows, measured=measured, figure=figure).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    page = html_page(
        "Comparison",
        figures=[("rows", str(len(rows)))]
        + ([(f"{FIGURE_TITLES[figure]} of {best.name}", f"{value:.5g}")] if value else []),
        sections=[
            html_section(
                "Table", paragraph(protocol), html_table(cells[0], cells[2:], num_names=2)
            ),
            html_section(
                "Pictures", *(inline_picture(each, alt=_ALT[each.name]) for each in pictures)
            ),
            *between,
        ],
        interactive=bool(between),
    )
    write_bytes(path, page.encode("utf-8", errors="replace"))


def token_sections(
    first: Side, second: Side, *, store: TokenStore, train: TokenStore | None, text: str
) -> list[str]:
    """Return the sections that show which of two models predicts which tokens better.

    Args:
        first: The first model.
        second: The second model, with an equal tokenizer.
        store: The text, encoded.
        train: The training text of the first model; None if it is not known.
        text: Name of the text.
    """
    counts = None
    if train is not None:
        counts = np.bincount(train.ids, minlength=first.model.language_model.vocab_size)
    found = compare_tokens(
        first.nll, second.nll, token_ids=np.asarray(store.ids), train_counts=counts
    )
    names = (first.name, second.name)
    has_seeds = max(first.num_seeds, second.num_seeds) > 1
    return [
        html_section(
            f"{first.name} and {second.name}, token by token",
            paragraph(
                f"{first.name} gives {found.won_by_first:.1%} of the {store.num_tokens:,} tokens a "
                f"higher probability, {second.name} {found.won_by_second:.1%}. The others differ "
                "by less than 0.1 nats."
                + (" A row with several seeds is shown by its first one." if has_seeds else "")
            ),
            _token_figure(first, second, store, text=text),
        ),
        _group_section(
            "Where the difference comes from: occurrences in the training text",
            found.by_count,
            names,
        ),
        _group_section(
            "Where the difference comes from: distance to the last occurrence",
            found.by_distance,
            names,
        ),
        _extreme_section(first, second, store, found),
    ]


def _token_figure(first: Side, second: Side, store: TokenStore, *, text: str) -> str:
    tokenizer = first.model.tokenizer
    num_tokens = min(_SHOWN_TOKENS, store.num_tokens)
    passage = passage_of_ids(np.asarray(store.ids[:num_tokens]), tokenizer, description=text)
    sides = [
        next_words_along(
            side.model.language_model, tokenizer, passage=passage, num_tokens=num_tokens
        )
        for side in (first, second)
    ]
    details = [
        f"{first.name}: {one.describe().partition(chr(10))[2]}\n"
        f"{second.name}: {other.describe().partition(chr(10))[2]}"
        for one, other in zip(*sides, strict=True)
    ]
    ahead = (second.nll - first.nll)[:num_tokens]
    return token_figure(
        _shown(passage.texts, is_word_level=tokenizer.is_word_level),
        series=[
            TokenSeries(
                name=f"log-probability of {first.name} minus that of {second.name}, nats",
                values=_finite(ahead),
                limit=_FULL_COLOR_NATS,
            ),
            TokenSeries(
                name=f"surprisal of {first.name}, nats", values=_finite(first.nll[:num_tokens])
            ),
            TokenSeries(
                name=f"surprisal of {second.name}, nats", values=_finite(second.nll[:num_tokens])
            ),
        ],
        details=details,
        caption=f"Orange: {first.name} gives the token a higher probability; blue: {second.name}. "
        f"The first {num_tokens} tokens of {text}. The state is not reset here.",
    )


def _group_section(title: str, groups: Sequence[TokenGroup], names: tuple[str, str]) -> str:
    if not groups:
        return ""
    total = sum(group.num_tokens for group in groups)
    rows = [
        [
            group.name,
            f"{group.num_tokens / total:.1%}",
            f"{group.first:,.1f}",
            f"{group.second:,.1f}",
            f"{group.gain:+.4f}",
        ]
        for group in groups
    ]
    header = ["tokens", "share", *names, "gain, nats"]
    note = (
        f"Perplexities on the tokens of each group. Gain: how much the group adds to the advantage "
        f"of {names[0]}, in nats per token of the whole text; negative where {names[1]} is ahead."
    )
    return html_section(title, paragraph(note), html_table(header, rows))


def _extreme_section(first: Side, second: Side, store: TokenStore, found: TokenComparison) -> str:
    parts = []
    for side, places in ((first, found.best_of_first), (second, found.best_of_second)):
        if not places:
            continue
        rows = [_extreme(place, first, second, store) for place in places]
        header = ["after", "token", first.name, second.name]
        parts += [
            paragraph(f"Tokens at which {side.name} is ahead by most, and their probabilities:"),
            html_table(header, rows, num_names=2),
        ]
    return html_section("The largest differences", *parts)


def _extreme(place: int, first: Side, second: Side, store: TokenStore) -> list[str]:
    tokenizer = first.model.tokenizer
    ids = np.asarray(store.ids[max(0, place - _CONTEXT_TOKENS) : place + 1]).tolist()
    texts = _shown(
        [tokenizer.token_text(each) for each in ids], is_word_level=tokenizer.is_word_level
    )
    return [
        "".join(texts[:-1]).replace("\n", " ").strip(),
        texts[-1].strip() or repr(texts[-1]),
        *(f"{np.exp(-side.nll[place]):.2g}" for side in (first, second)),
    ]


def _shown(texts: Sequence[str], *, is_word_level: bool) -> list[str]:
    if not is_word_level:
        return list(texts)
    return ["\u23ce\n" if text == "</s>" else f"{text} " for text in texts]


def _finite(values: Float64[np.ndarray, " tokens"]) -> list[float]:
    return [float(value) for value in np.clip(np.nan_to_num(values), -99.0, 99.0)]
