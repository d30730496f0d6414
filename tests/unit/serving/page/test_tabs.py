"""The page in a browser with the models of tasks, with a key, and where the server refuses."""

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from chromium import Watched
from classifiers import new_classifier
from families import Case
from nextword.families import NgramConfig
from nextword.tasks.transduction import Transducer
from page_server import serving
from served_models import model_of, served_model
from tagging import name_sentence, small_tagger
from tiny_reader import tiny_file, tiny_settings
from tiny_transducer import SOURCES, tiny_model, tiny_parts

pytestmark = pytest.mark.exhaustive
PASSAGE = "Anna is in the hall. Paul is in the attic."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("reader")
    settings = tiny_settings(training={"epochs": 1, "batch_size": 16})
    result = nw.train_reader(
        str(tiny_file(folder / "train.jsonl", 24)), out=folder / "run", settings=settings
    )
    parts = tiny_parts()
    return {
        "tagger": small_tagger([name_sentence(random.Random(seed)) for seed in range(20)]),
        "classifier": new_classifier(),
        "transducer": Transducer(parts, [tiny_model(parts)]),
        "reader": nw.load(Path(result.run)),
    }


def opened(browser: Any, url: str, name: str = "", **options: Any) -> Watched:
    watched = Watched(browser, home=url, **options)
    watched.page.goto(f"{url}/#{name}")
    return watched


@pytest.fixture(scope="module")
def tried(browser: Any, models: dict[str, Any]) -> Iterator[Watched]:
    with serving(models) as url:
        tried = opened(browser, url, viewport={"width": 390, "height": 844})
        tried.page.wait_for_selector("#app:not([hidden])")
        yield tried
        assert tried.faults == []
        tried.page.context.close()


def test_only_tabs_of_served_models_are_shown(tried: Watched) -> None:
    tabs = tried.page.locator("[role=tab]").all_text_contents()

    assert tabs == ["Tag", "Classify", "Transduce", "Read"]
    assert tried.page.evaluate("document.documentElement.scrollWidth") == 390


def test_sentences_are_tagged(tried: Watched, models: dict[str, Any]) -> None:
    tried.page.click("#tag-tab")
    tried.page.fill("#sentences", "Ann went home\nBob .")
    tried.page.wait_for_selector(".word")

    words = [["Ann", "went", "home"], ["Bob", "."]]
    expected = [
        f"{token.text}{token.label}"
        for tokens in models["tagger"].tag_sentences(words)
        for token in tokens
    ]
    assert tried.page.locator(".word").all_text_contents() == expected


def test_texts_are_classified(tried: Watched, models: dict[str, Any]) -> None:
    tried.page.click("#classify-tab")
    tried.page.fill("#texts", "a good film")
    tried.page.wait_for_selector(".bars li")

    [result] = models["classifier"].predict(["a good film"])
    best = max(result.probabilities, key=result.probabilities.__getitem__)
    first = tried.page.locator(".bars li").first.text_content()
    assert first.startswith(f"{best}{100 * result.probabilities[best]:.0f}")


def test_sources_are_transduced(tried: Watched, models: dict[str, Any]) -> None:
    tried.page.click("#transduce-tab")
    tried.page.fill("#sources", SOURCES[0])
    tried.page.fill("#beam", "1")
    tried.page.click("#transduction button")
    tried.page.wait_for_selector(".targets li")

    [[expected, *_]] = models["transducer"].transduce_texts([SOURCES[0]])
    assert tried.page.locator(".targets b").all_text_contents() == [expected.text]


def test_questions_are_answered(tried: Watched) -> None:
    tried.page.click("#read-tab")
    tried.page.fill("#passage", PASSAGE)
    tried.page.fill("#question", "Where is Paul?")
    tried.page.click("#reading button")
    tried.page.wait_for_selector(".found")

    answer = tried.page.text_content(".found b")
    assert answer
    assert tried.page.locator("mark").all_text_contents() in ([], [answer])


def test_page_asks_for_the_key_and_keeps_it_in_the_tab(browser: Any) -> None:
    with serving({"words": served_model()}, api_key="secret") as url:
        tried = opened(browser, url)
        for key, message in (("wrong", "The key is wrong."), ("secret", "")):
            tried.page.wait_for_selector("#key-dialog[open]")
            tried.page.fill("#key", key)
            tried.page.press("#key", "Enter")
            if message:
                tried.page.wait_for_selector(f"text={message}")
        tried.page.wait_for_selector("#suggestions li")
        tried.page.reload()
        tried.page.wait_for_selector("#suggestions li")
        other = tried.page.context.new_page()
        other.goto(url)
        other.wait_for_selector("#key-dialog[open]")

        assert tried.page.evaluate("JSON.stringify(localStorage)") == "{}"
        assert all("401" in fault for fault in tried.faults)
        tried.page.context.close()


def test_refusals_are_shown_in_words(browser: Any) -> None:
    with serving({"words": served_model()}, limits={"max_prompt_tokens": 5}) as url:
        tried = opened(browser, url)
        tried.page.wait_for_selector("#suggestions li")
        tried.page.fill("#text", "w1 " * 9)
        tried.page.wait_for_selector("#write-error:not([hidden])")
        refused = tried.page.text_content("#write-error")
        tried.page.fill("#text", "w1 ")
        tried.page.wait_for_selector("#write-error", state="hidden")
    tried.page.fill("#text", "w2 ")
    tried.page.wait_for_selector("#write-error:not([hidden])")

    assert "the limit is 5" in refused
    assert tried.page.text_content("#write-error") == (
        "The server does not answer. Is it still running?"
    )
    tried.page.context.close()


def test_model_without_units_has_no_plot(browser: Any) -> None:
    case = Case(NgramConfig(order=2))
    with serving({"ngram": model_of(case.build(3), case.tokenizer)}) as url:
        tried = opened(browser, url)
        tried.page.wait_for_selector("#suggestions li")

        assert not tried.page.is_visible("#inside")
        assert not tried.page.is_visible("#beside")
        assert tried.faults == []
        tried.page.context.close()


def test_parts_of_a_character_are_summed(browser: Any) -> None:
    model = served_model("byte", seed=3)
    with serving({"letters": model}) as url:
        tried = opened(browser, url)
        tried.page.wait_for_selector("#suggestions li")
        tried.page.fill("#text", "a🙂")
        tried.page.wait_for_selector("#editor .marks i >> nth=1")

        [line] = model.surprisal(["a🙂"])
        bits = [token.surprisal / math.log(2) for token in line.tokens[:5]]
        assert tried.page.text_content("#detail") == f"🙂 {sum(bits[1:]):.2f} bits in 4 tokens."
        assert tried.page.text_content("#figures").startswith(f"{sum(bits):.2f} bits in 5 tokens")
        tried.page.context.close()


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_other_tokenizers(kind: Any, browser: Any) -> None:
    with serving({"letters": served_model(kind, seed=3)}) as url:
        tried = opened(browser, url)
        tried.page.wait_for_selector("#suggestions li")
        tried.page.fill("#text", "the café 漢 🙂 ")
        tried.page.wait_for_selector("#editor .marks i >> nth=3")

        marks = "".join(tried.page.locator("#editor .marks i").all_text_contents())
        assert marks == "the café 漢 🙂 "
        assert tried.page.is_checked('input[value="tokens"]')
        tried.page.check('input[value="words"]', force=True)
        tried.page.wait_for_selector("#suggestions li")
        tried.page.click("#suggestions button:enabled >> nth=0")
        assert tried.page.input_value("#text").startswith("the café 漢 🙂 ")
        assert tried.faults == []
        tried.page.context.close()
