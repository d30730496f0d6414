"""The page of language models in a browser: what it shows is what the library computes."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chromium import Watched
from nextword.generation import TypingSession
from nextword.inspection import unit_values
from page_server import serving
from served_models import served_model

MODELS = {"words": served_model(), "other": served_model(seed=1)}
WORDS = MODELS["words"]
TEXT = "w1 w2 w3 "
PHONE = {"width": 390, "height": 844}


@dataclass
class Opened:
    """The page of a server."""

    watched: Watched
    url: str

    @property
    def page(self) -> Any:
        return self.watched.page

    def texts_of(self, selector: str) -> list[str]:
        texts: list[str] = self.page.locator(selector).all_text_contents()
        return texts

    def write(self, text: str, *, by_key: bool = False) -> None:
        """Replace the text, and wait for its scores and for the suggestions after it."""
        self.page.fill("#text", "" if by_key else text)
        if by_key:
            self.page.type("#text", text)
        self.wait()

    def wait(self) -> None:
        """Wait until all answers are shown."""
        for selector in (".marks", ".suggestions"):
            self.page.wait_for_selector(f"{selector}[aria-busy=true]", state="detached")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(MODELS) as url:
        yield url


def opened(browser: Any, url: str, **options: Any) -> Opened:
    watched = Watched(browser, home=url, **options)
    watched.page.goto(url)
    watched.page.wait_for_selector("#suggestions li")
    return Opened(watched, url)


@pytest.fixture(scope="module")
def tried(browser: Any, url: str) -> Iterator[Opened]:
    tried = opened(browser, url)
    yield tried
    assert tried.watched.faults == []
    tried.page.context.close()


def percent(probability: float) -> str:
    share = 100 * probability
    return f"{share:.{1 if share < 10 else 0}f} %" if share >= 0.1 else "< 0.1 %"


def test_suggestions_are_those_of_the_library(tried: Opened) -> None:
    tried.write(TEXT, by_key=True)

    session = TypingSession(WORDS.language_model, WORDS.tokenizer, context=TEXT)
    assert tried.texts_of("#suggestions .token") == [word for word, _ in session.suggestions(9)]
    expected = [percent(probability) for _, probability in session.suggestions(9)]
    assert tried.texts_of("#suggestions .share") == expected


def test_suggestion_is_accepted_by_click_and_by_key(tried: Opened) -> None:
    tried.write(TEXT)
    label = tried.texts_of("#suggestions .token")[1]

    tried.page.click("#suggestions li:nth-child(2) button")
    after_click = tried.page.input_value("#text")
    tried.write(TEXT)
    tried.page.focus("#text")
    tried.page.keyboard.press("Alt+Digit2")
    after_key = tried.page.input_value("#text")
    tried.write("w1 w")
    assert tried.page.text_content("#next-title") == "Words with “w…”"
    tried.page.focus("#plot")
    tried.page.keyboard.press("1")

    assert after_click == after_key == f"{TEXT}{label} "
    assert re.fullmatch(r"w1 w\d+ ", tried.page.input_value("#text"))


def test_suggestion_for_an_older_text_is_not_accepted(tried: Opened) -> None:
    tried.write(TEXT)
    tried.page.focus("#text")

    # The suggestions are asked for later than in the task that types and accepts.
    tried.page.evaluate(
        """() => {
          const field = document.getElementById('text');
          field.value += 'w9 ';
          field.dispatchEvent(new InputEvent('input'));
          document.querySelector('#suggestions button').click();
        }"""
    )

    assert tried.page.input_value("#text") == f"{TEXT}w9 "
    tried.wait()


def test_tokens_are_colored_by_their_surprise(tried: Opened) -> None:
    tried.write("w1 w2 zzz w3 w4")

    strengths = tried.page.eval_on_selector_all(
        "#editor .marks i", "marks => marks.map(mark => Number(mark.style.getPropertyValue('--v')))"
    )
    [line] = WORDS.surprisal(["w1 w2 zzz w3"])
    most = math.log(WORDS.tokenizer.vocab_size)
    expected = [min(1.0, token.surprisal / most) for token in line.tokens[:-1]]
    # The last word can still grow.
    assert strengths == pytest.approx([*expected, 0.0], abs=1e-3)
    assert tried.texts_of("#editor .marks i.unknown") == ["zzz"]
    bits = sum(token.surprisal for token in line.tokens[:-1]) / math.log(2)
    assert tried.texts_of("#figures p")[0].startswith(f"{bits:.2f} bits in 4 tokens, perplexity ")
    assert "is read when a blank follows it" in tried.page.text_content("#detail")
    tried.page.focus("#text")
    tried.page.keyboard.press("Home")
    tried.page.keyboard.press("ArrowRight")
    first = line.tokens[0]
    detail = tried.page.text_content("#detail")
    assert detail.startswith(f"w1 {first.surprisal / math.log(2):.2f} bits, probability ")
    assert f"rank {first.rank}" in detail


def test_characters_of_two_units_do_not_move_the_colors(tried: Opened) -> None:
    tried.write("🙂 w1 w2 ")

    assert tried.texts_of("#editor .marks i") == ["🙂", "w1", "w2"]


def test_only_the_newest_text_is_asked_for(tried: Opened) -> None:
    before = len(tried.watched.requests)
    text = "w1 " * 10

    tried.write(text, by_key=True)

    scored = [each for each in tried.watched.requests[before:] if each.endswith("/v1/score")]
    assert 0 < len(scored) < len(text)
    assert len(tried.texts_of("#editor .marks i")) == 10


def test_two_models_are_shown_side_by_side(tried: Opened) -> None:
    tried.write(TEXT)
    tried.page.select_option("#second", "other")
    tried.wait()

    session = TypingSession(MODELS["other"].language_model, WORDS.tokenizer, context=TEXT)
    words = [word for word, _ in session.suggestions(9)]
    assert tried.texts_of("#other-suggestions .token") == words
    assert tried.texts_of("#other-text .marks i") == ["w1", "w2", "w3"]
    assert [each.split()[0] for each in tried.texts_of("#figures p")] == ["words", "other"]
    tried.page.focus("#other-text")
    tried.page.keyboard.press("ArrowLeft")
    assert tried.page.text_content("#other-detail").startswith("w2 ")
    tried.page.select_option("#second", "")
    assert not tried.page.is_visible("#other")


def test_text_is_generated_as_by_the_library(tried: Opened) -> None:
    tried.write(TEXT)
    for name, value in (("max-tokens", "12"), ("seed", "3"), ("top-k", "5")):
        tried.page.fill(f"#{name}", value)

    tried.page.click("#start")
    tried.page.wait_for_selector("text=Done.")

    expected = WORDS.generate(TEXT, max_tokens=12, temperature=0.7, top_p=0.95, top_k=5, seed=3)
    assert tried.page.text_content("#generated") == TEXT + expected
    tried.page.click("#use")
    assert tried.page.input_value("#text") == TEXT + expected


def test_generation_is_stopped(tried: Opened) -> None:
    tried.write(TEXT)
    tried.page.fill("#max-tokens", "4096")
    tried.page.fill("#top-k", "")

    tried.page.click("#start")
    tried.page.wait_for_selector("#generated:has-text('w')")
    tried.page.click("#stop")
    tried.page.wait_for_selector("text=Stopped.")
    first = tried.page.text_content("#generated")

    running = tried.page.request.get(f"{tried.url}/metrics").text()
    assert len(first.split()) < 4000
    assert re.search(r'nextword_running_samples{model="words"} 0', running)
    assert tried.page.text_content("#generated") == first
    assert tried.page.is_disabled("#stop")


def test_gates_of_a_unit_are_plotted(tried: Opened) -> None:
    tried.write(TEXT)
    tried.page.fill("#unit", "5")
    tried.page.press("#unit", "Enter")
    tried.page.wait_for_selector("#plot[aria-busy=true]", state="detached")

    values = unit_values(WORDS.language_model, WORDS.tokenizer.encode(TEXT).ids, unit=5).values
    assert [each.strip() for each in tried.texts_of("#series label")] == [
        name.replace("_", " ") for name in values
    ]
    labels = [tried.page.locator("#plot text").all_text_contents()[i] for i in (-3, -2, -1)]
    assert labels == TEXT.split()
    tried.page.focus("#plot")
    tried.page.keyboard.press("ArrowLeft")
    assert tried.texts_of("#editor .chosen") == ["w2"]
    tried.page.check('input[value="unit"]', force=True)
    strengths = tried.page.eval_on_selector_all(
        "#editor .marks i", "marks => marks.map(mark => Number(mark.style.getPropertyValue('--v')))"
    )
    assert strengths == pytest.approx(np.abs(values["hidden_state"]).tolist(), abs=1e-3)
    tried.page.check('input[value="surprise"]', force=True)


def test_sentences_are_ranked(tried: Opened) -> None:
    lines = ["w1 w2", "w3 w3 w3 w3 w3", "zzz"]
    tried.page.click("#rank-tab")
    tried.page.fill("#lines", "\n\n".join(lines))
    tried.page.wait_for_selector("#ranking td")

    scores = WORDS.surprisal(lines)
    perplexity = {line.text: math.exp(line.surprisal / len(line.tokens)) for line in scores}
    bits = {line.text: line.surprisal / math.log(2) for line in scores}
    for order, values in (("perplexity", perplexity), ("bits", bits)):
        tried.page.check(f'input[value="{order}"]', force=True)
        rows = [each.split("unknown")[0] for each in tried.texts_of("#ranking td.text")]
        assert rows == sorted(values, key=values.__getitem__)
        shown = tried.texts_of("#ranking td.bar")
        assert [float(each.replace(",", "")) for each in shown] == pytest.approx(
            sorted(values.values()), abs=0.051
        )
    assert "unknown: zzz" in "".join(tried.texts_of("#ranking td.text"))
    tried.page.keyboard.press("Escape")
    tried.page.focus("#rank-tab")
    tried.page.keyboard.press("ArrowLeft")
    assert tried.page.is_visible("#write")


def test_every_control_has_a_name_and_every_reference_a_target(tried: Opened) -> None:
    unnamed = tried.page.evaluate(
        """() => [...document.querySelectorAll(
            'button, input, select, textarea, section, dialog, [tabindex="0"], [role="radiogroup"]'
          )].filter(each => !(each.getAttribute('aria-label')
            || document.getElementById(each.getAttribute('aria-labelledby'))?.textContent.trim()
            || (each.matches('button') && each.textContent.trim())
            || each.closest('label')?.textContent.trim())).map(each => each.outerHTML)"""
    )
    lost = tried.page.evaluate(
        """() => ['aria-labelledby', 'aria-describedby', 'aria-controls'].flatMap(name =>
          [...document.querySelectorAll(`[${name}]`)].map(each => each.getAttribute(name))
        ).filter(id => !document.getElementById(id))"""
    )
    ids = tried.page.eval_on_selector_all("[id]", "all => all.map(each => each.id)")

    assert unnamed == []
    assert lost == []
    assert len(ids) == len(set(ids))


def test_everything_is_reached_by_keyboard(tried: Opened) -> None:
    tried.page.focus("#theme")
    reached = []
    for _ in range(45):
        tried.page.keyboard.press("Tab")
        reached.append(tried.page.evaluate("document.activeElement.id"))

    wanted = {"model", "second", "text", "temperature", "top-p", "top-k", "max-tokens", "seed"}
    assert wanted | {"start", "generated", "layer", "unit", "liveliest", "plot"} <= set(reached)
    outline = tried.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_colors_can_be_switched_and_are_legible(tried: Opened) -> None:
    for theme, is_dark in (("light", False), ("dark", True)):
        tried.page.click("#theme")
        assert tried.page.get_attribute("#theme", "aria-label") == f"Color scheme: {theme}"
        color = {
            name: rgb(tried.page.evaluate(COLOR, name))
            for name in ("paper", "card", "ink", "soft", "accent", "accent-ink", "bar", "red")
        }
        assert (luminance(color["paper"]) < 0.2) == is_dark
        for text, ground in (
            *(("ink", each) for each in ("paper", "card", "bar")),
            *((each, "card") for each in ("soft", "red")),
            ("soft", "paper"),
            ("accent-ink", "accent"),
        ):
            assert contrast(color[text], color[ground]) > 4.5, (theme, text, ground)
    tried.page.click("#theme")
    assert tried.page.get_attribute("#theme", "aria-label") == "Color scheme: system"


#: The value of a custom property as a color.
COLOR = """name => {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}"""


def rgb(color: str) -> list[float]:
    return [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]


def luminance(color: list[float]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[float], other: list[float]) -> float:
    lower, higher = sorted((luminance(one), luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def test_page_on_a_phone_fits_its_width_and_is_dark(browser: Any, url: str) -> None:
    tried = opened(browser, url, viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    tried.page.select_option("#second", "other")
    tried.write("w1 w2 w3 " * 12)

    widths = [tried.page.evaluate("document.documentElement.scrollWidth")]
    tried.page.click("#rank-tab")
    tried.page.fill("#lines", "w1 w2 w3 " * 20)
    tried.page.wait_for_selector("#ranking td")
    widths.append(tried.page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [390, 390]
    background = tried.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(rgb(background)) < 0.25
    assert tried.watched.faults == []
    tried.page.context.close()
