"""Token figures: escaping, colors, and pages that load nothing."""

import json
import re
from html.parser import HTMLParser

import pytest

from nextword.pages import TokenSeries, html_page, html_section, html_table, token_figure

#: Attributes that make a browser load something.
_LOADING = {"src", "href", "srcset", "data", "action", "poster", "background"}
_NASTY = ["</script><b>", "<!--", "&amp;", "a\nb", "\udc80", '"']


class Page(HTMLParser):
    """Collects what a page would load, its elements and its figure data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.data: list[str] = []
        self._is_data = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.loaded += [str(values[name]) for name in _LOADING & values.keys()]
        self._is_data = tag == "script" and values.get("type") == "application/json"

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data.append(data)
            self._is_data = False


def page_of(*figures: str) -> str:
    section = html_section("Text", *figures)
    return html_page("a page", figures=[], sections=[section], interactive=True)


def figure(texts: list[str], **options: object) -> str:
    series = [TokenSeries(name="value", values=[0.5 - index for index in range(len(texts))])]
    return token_figure(texts, series=series, caption="a <caption>", **options)  # type: ignore[arg-type]


def test_token_figure_texts_survive_every_character() -> None:
    page = Page(page_of(figure(_NASTY, details=_NASTY)))

    data = json.loads(page.data[0])
    assert data["texts"] == [*_NASTY[:4], "\\udc80", '"']
    assert data["details"] == data["texts"]
    assert page.tags.count("i") == len(_NASTY)
    assert "b" not in page.tags


def test_token_figure_page_loads_nothing() -> None:
    text = page_of(figure(["a", "b"]))

    assert Page(text).loaded == []
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttp|import\(", text)


def test_token_figure_colors_by_sign_and_largest_value() -> None:
    text = figure(["a", "b"])

    assert '<i style="--v:1">a</i><i class="n" style="--v:1">b</i>' in text
    assert "negative" in text
    unsigned = token_figure(
        ["a", "b"], series=[TokenSeries(name="v", values=[0.0, 3.0], limit=6.0)], caption="c"
    )
    assert '<i>a</i><i style="--v:0.5">b</i>' in unsigned
    assert "negative" not in unsigned


def test_token_figure_start_shows_the_values_that_go_back() -> None:
    series = [TokenSeries(name="back", back=[[1.0], [4.0, 2.0], [1.0, 1.0, 1.0]])]

    text = token_figure(["a", "b", "c"], series=series, caption="c", start=1)

    assert '<i style="--v:0.5">a</i><i style="--v:1">b</i><i>c</i>' in text


def test_token_figure_of_several_series_has_a_menu() -> None:
    series = [TokenSeries(name=f"unit {n} <", values=[1.0]) for n in range(3)]

    text = token_figure(["a"], series=series, caption="c")

    assert text.count("<option>") == 3
    assert "unit 2 &lt;" in text


@pytest.mark.parametrize("interactive", [True, False])
def test_html_page_has_the_script_only_if_interactive(interactive: bool) -> None:
    page = html_page("a", figures=[], sections=[], interactive=interactive)

    assert ("querySelectorAll" in page) == interactive


def test_html_table_escapes_and_aligns_names() -> None:
    text = html_table(("a<", "b"), [("x&", "1")])

    assert '<th scope="col" class="name">a&lt;</th><th scope="col">b</th>' in text
    assert '<td class="name">x&amp;</td><td>1</td>' in text
