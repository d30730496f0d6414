"""The page in a browser, opened from disk: typing, suggestions, generation and gates."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from chromium import Watched
from families import Case
from nextword.families import NgramConfig, RecurrentConfig
from nextword.interop.html import PageContents, html_model_page, page_contents
from nextword.models import LanguageModel

CASES = {
    "lstm-bpe": Case(RecurrentConfig(hidden_size=6, num_layers=2), kind="bpe"),
    "gru-character": Case(RecurrentConfig(cell="gru", hidden_size=6), kind="character"),
    "elman-word": Case(RecurrentConfig(cell="elman", hidden_size=6)),
    "ngram-word": Case(NgramConfig(order=3)),
}
PROMPT = "w1 w2 "
PHONE = {"width": 390, "height": 844}


@dataclass
class Opened:
    """A page of one case, and the model whose numbers it should have."""

    case: Case
    contents: PageContents
    watched: Watched

    @property
    def page(self) -> Any:
        return self.watched.page

    def type(self, text: str) -> None:
        """Replace the text by typing."""
        self.page.fill("#text", "")
        self.page.type("#text", text)

    def texts_of(self, selector: str) -> list[str]:
        texts: list[str] = self.page.locator(selector).all_text_contents()
        return texts

    def best(self, text: str) -> list[tuple[str, float]]:
        """The library's most probable next tokens."""
        tokenizer, model = self.case.tokenizer, self.contents.dequantized
        left_out = {*tokenizer.banned_ids, *model.never_ids}
        log_probs = last_log_probs(model, [tokenizer.boundary_id, *tokenizer.encode(text).ids])
        ordered = sorted(
            set(range(len(log_probs))) - left_out, key=lambda each: (-log_probs[each], each)
        )
        return [(tokenizer.token_text(each), math.exp(log_probs[each])) for each in ordered[:8]]


def last_log_probs(model: LanguageModel, ids: Any) -> list[float]:
    if isinstance(model, torch.nn.Module):
        model = model.double()
    with torch.no_grad():
        read = torch.tensor([[int(each) for each in ids]])
        log_probs, _ = model.next_log_probs(read, model.initial_state(1))
    values: list[float] = log_probs[0, -1].tolist()
    return values


def write_page(case: Case, path: Path) -> PageContents:
    contents = page_contents(case.build(3), case.tokenizer)
    page = html_model_page(
        contents, title="Tiny <model>", facts=["two facts", "int8"], prompt=PROMPT, remark="Made."
    )
    path.write_text(page, encoding="utf-8")
    return contents


def opened(browser: Any, case: Case, path: Path, **options: Any) -> Opened:
    contents = write_page(case, path)
    watched = Watched(browser, **options)
    watched.page.goto(path.as_uri())
    watched.page.wait_for_selector("#app")
    return Opened(case=case, contents=contents, watched=watched)


@pytest.fixture(scope="module", params=sorted(CASES))
def tried(
    request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    path = tmp_path_factory.mktemp("pages") / "model.html"
    tried = opened(browser, CASES[request.param], path)
    yield tried
    assert tried.watched.faults == []
    tried.page.close()


@pytest.fixture(scope="module")
def lstm(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    path = tmp_path_factory.mktemp("pages") / "lstm.html"
    lstm = opened(browser, CASES["lstm-bpe"], path, viewport=PHONE, color_scheme="dark")
    yield lstm
    assert lstm.watched.faults == []
    lstm.page.close()


def test_page_shows_the_probabilities_of_the_dequantized_model(tried: Opened) -> None:
    text = "w1 w2 w3\nw4 "
    tried.type(text)

    answers = tried.page.evaluate("text => nextword.next(text, 8)", text)

    expected = tried.best(text)
    assert [each["token"] for each in answers] == [token for token, _ in expected]
    own = [each["probability"] for each in answers]
    assert own == pytest.approx([probability for _, probability in expected], abs=1e-4)
    shares = tried.texts_of("#suggestions .share")
    digits = [f"{100 * each:.{1 if each < 0.0995 else 0}f} %" for each in own if each > 0.001]
    assert shares[: len(digits)] == digits


def test_page_accepts_a_suggestion_by_click_and_by_key(tried: Opened) -> None:
    tried.type("w1 ")
    labels = tried.texts_of("#suggestions .token")

    tried.page.click("#suggestions li:nth-child(2) button")
    after_click = tried.page.input_value("#text")
    tried.type("w1 ")
    tried.page.keyboard.press("Alt+Digit2")

    assert after_click.startswith("w1 ")
    added = after_click.removeprefix("w1 ").rstrip(" ") or " "
    assert labels[1].replace("␣", " ").replace("⏎", "\n").rstrip(" ") in (added, "")
    assert tried.page.input_value("#text") == after_click


def test_page_colors_each_token_by_its_surprise(tried: Opened) -> None:
    text = "w1 w2 w3\n"
    tried.type(text)

    strengths = tried.page.eval_on_selector_all(
        "#marks i", "marks => marks.map(mark => Number(mark.style.getPropertyValue('--v')))"
    )

    scores = tried.page.evaluate("text => nextword.score(text).map(each => each.nats)", text)
    most = math.log(tried.contents.dequantized.vocab_size)
    expected = [min(1.0, score / most) for score in scores if score is not None]
    assert strengths == pytest.approx(expected, abs=1e-3)
    detail = tried.page.text_content("#detail")
    assert f"{scores[-1] / math.log(2):.2f} bits" in detail


def test_page_generates_the_same_text_for_the_same_seed(tried: Opened) -> None:
    tried.type("w1 ")
    outputs = []
    for seed in ("3", "3", "4"):
        tried.page.fill("#seed", seed)
        tried.page.fill("#max-tokens", "30")
        tried.page.click("#start")
        tried.page.wait_for_selector("#stop:disabled")
        outputs.append(tried.page.text_content("#generated"))

    assert outputs[0] == outputs[1] != outputs[2]
    assert outputs[0].startswith("w1 ")
    assert "<unk>" not in outputs[0].removeprefix("w1 ")


def test_page_plots_the_gates_of_the_chosen_unit(lstm: Opened) -> None:
    text = "w1 w2 w3\n"
    lstm.type(text)
    lstm.page.select_option("#layer", index=0)
    lstm.page.fill("#unit", "3")
    lstm.page.press("#unit", "Enter")

    labels = [label.strip() for label in lstm.texts_of("#series label")]
    points = lstm.page.get_attribute("#plot polyline >> nth=0", "points")

    trace = lstm.page.evaluate("text => nextword.trace(text, 0, 3)", text)
    assert labels == [name.replace("_", " ") for name in trace[0]]
    assert len(points.split()) == len(trace)
    model, tokenizer = lstm.contents.dequantized, lstm.case.tokenizer
    ids = [tokenizer.boundary_id, *tokenizer.encode(text).ids.tolist()]
    with torch.no_grad():
        state = model.double().advance(torch.tensor([ids]), model.initial_state(1))
    for part in ("hidden_state", "cell_state"):
        expected = state.tensors[f"layer_0.{part}"][0, 3].item()
        assert trace[-1][part] == pytest.approx(expected, abs=1e-4)
    hidden = trace[-1]["output_gate"] * math.tanh(trace[-1]["cell_state"])
    assert trace[-1]["hidden_state"] == pytest.approx(hidden)


def test_page_colors_the_text_by_a_unit(lstm: Opened) -> None:
    lstm.type("w1 w2 w3\n")

    lstm.page.check('input[value="unit"]', force=True)
    strengths = lstm.page.eval_on_selector_all(
        "#marks i", "marks => marks.map(mark => Number(mark.style.getPropertyValue('--v')))"
    )
    place = lstm.page.evaluate(
        """() => [document.getElementById('layer').selectedIndex,
                  Number(document.getElementById('unit').value)]"""
    )

    trace = lstm.page.evaluate(
        "([layer, unit]) => nextword.trace('w1 w2 w3\\n', layer, unit)", place
    )
    assert strengths == pytest.approx([abs(each["hidden_state"]) for each in trace], abs=1e-3)
    lstm.page.check('input[value="surprise"]', force=True)


def test_page_takes_a_number_alone_outside_of_text_fields(lstm: Opened) -> None:
    lstm.type("w1")
    lstm.page.keyboard.press("2")
    typed = lstm.page.input_value("#text")
    lstm.page.click("#suggestions li:nth-child(1) button")
    accepted = lstm.page.input_value("#text")
    lstm.type("w12")

    lstm.page.focus("#plot")
    lstm.page.keyboard.press("1")

    assert typed == "w12"
    assert lstm.page.input_value("#text") == accepted


def test_page_on_a_phone_fits_its_width_and_is_dark(lstm: Opened) -> None:
    width = lstm.page.evaluate("document.documentElement.scrollWidth")
    background = lstm.page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert width == PHONE["width"]
    assert max(int(part) for part in background[4:-1].split(",")) < 64


def test_page_controls_have_names_and_are_reached_by_keyboard(lstm: Opened) -> None:
    unnamed = lstm.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea')].filter(each =>
          !(each.getAttribute('aria-label') || each.textContent.trim() || each.closest('label'))
        ).map(each => each.outerHTML)"""
    )
    lstm.page.focus("#text")
    reached = []
    for _ in range(25):
        lstm.page.keyboard.press("Tab")
        reached.append(lstm.page.evaluate("document.activeElement.id"))

    assert unnamed == []
    assert {"temperature", "top-p", "seed", "start", "generated", "layer", "unit"} <= set(reached)


def test_page_stops_a_generation(lstm: Opened) -> None:
    lstm.page.fill("#max-tokens", "2000")
    # Stopped within the same task, before the first slice has ended the text.
    lstm.page.evaluate("() => ['start', 'stop'].forEach(id => document.getElementById(id).click())")
    first = lstm.page.text_content("#generated")
    lstm.page.wait_for_timeout(60)

    assert lstm.page.text_content("#generated") == first
    assert lstm.page.is_disabled("#stop")
    lstm.page.click("#use")
    assert lstm.page.input_value("#text") == first


def test_page_of_words_completes_a_partial_word(browser: Any, tmp_path: Path) -> None:
    tried = opened(browser, CASES["elman-word"], tmp_path / "words.html")
    tried.type("w1 w")

    labels = tried.texts_of("#suggestions .token")
    tried.page.click("#suggestions li:nth-child(1) button")

    best = [token for token, _ in tried.best("w1") if token.startswith("w")]
    assert labels[: len(best)] == best
    assert tried.page.input_value("#text") == f"w1 {best[0]} "
    assert tried.watched.faults == []


def test_page_forbids_what_it_does_not_contain(browser: Any, tmp_path: Path) -> None:
    tried = opened(browser, CASES["elman-word"], tmp_path / "words.html")

    failed = tried.page.evaluate(
        "() => fetch('https://example.org/').then(() => 'loaded', error => error.name)"
    )

    assert failed == "TypeError"
    assert any("Content Security Policy" in fault for fault in tried.watched.faults)


def test_page_contains_titles_and_prompts_as_text() -> None:
    case = CASES["ngram-word"]
    contents = page_contents(case.build(3), case.tokenizer)

    page = html_model_page(
        contents, title="<b>&", facts=["<i>"], prompt="</script><!--", remark="<u>"
    )

    assert page.count("</script>") == 3
    assert "&lt;b&gt;&amp;" in page
    assert "&lt;i&gt;" in page
    assert "&lt;u&gt;" in page
    assert "<!--" not in page


def test_page_of_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one.html", "other.html"):
        write_page(CASES["ngram-word"], tmp_path / name)

    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()
