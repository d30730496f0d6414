"""Scores, next tokens and completions over HTTP equal those of the library."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from nextword.api import Model
from served_models import client_of, served_model

MODELS = {"words": served_model(), "bytes": served_model("byte", seed=2)}
LINES = {"words": ["w1 w2", "", "zzz w3 w4"], "bytes": ["naïve", "", "漢字 🙂"]}
names = pytest.mark.parametrize("name", ["words", "bytes"])


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of(MODELS, limits={"max_prompts": 4, "max_prompt_tokens": 60}) as made:
        yield made


def post(client: TestClient, path: str, **fields: Any) -> dict[str, Any]:
    response = client.post(path, json=fields)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@names
def test_lines_are_scored_as_by_the_library(name: str, client: TestClient) -> None:
    body = post(client, "/v1/score", model=name, lines=LINES[name], top=3)

    for result, line in zip(body["results"], MODELS[name].surprisal(LINES[name]), strict=True):
        assert result["log_prob"] == pytest.approx(-line.surprisal, abs=1e-5)
        assert result["text"] == line.text
        for token, expected in zip(result["tokens"], line.tokens, strict=True):
            assert token["log_prob"] == pytest.approx(-expected.surprisal, abs=1e-5)
            assert token["entropy"] == pytest.approx(expected.entropy, abs=1e-5)
            assert token["rank"] == expected.rank
            assert token["is_unknown"] == expected.is_unknown
            assert (token["start"], token["end"]) == (expected.start, expected.end)
            assert len(token["top"]) == 3
            if token["rank"] <= 3:
                assert token["top"][token["rank"] - 1]["log_prob"] == token["log_prob"]
    text = "".join(line + "\n" for line in LINES[name])
    assert_same_card(body["card"], MODELS[name], text, reset="line")


def assert_same_card(card: dict[str, Any], model: Model, text: str, *, reset: Any) -> None:
    expected = model.evaluate(text=text, reset=reset).to_dict()
    assert card.keys() == expected.keys()
    for key, value in expected.items():
        if key in ("model", "text", "seconds", "tokens_per_second"):
            continue
        if isinstance(value, float):
            value = pytest.approx(value, rel=1e-6)
        assert card[key] == value, key


@names
@pytest.mark.parametrize("ending", ["", "\n"])
def test_text_is_scored_as_evaluate_does(name: str, ending: str, client: TestClient) -> None:
    text = "\n".join(LINES[name]) + ending

    body = post(client, "/v1/score", model=name, text=text)

    [result] = body["results"]
    assert_same_card(body["card"], MODELS[name], text, reset="never")
    assert result["text"] == text
    assert -result["log_prob"] == pytest.approx(body["card"]["nll_sum"])
    assert all(text[each["start"] : each["end"]] == each["text"] for each in result["tokens"])


@names
def test_perplexity_of_echoed_tokens_is_that_of_the_card(name: str, client: TestClient) -> None:
    text = "\n".join(LINES[name]) + "\n"
    model = MODELS[name]
    ids = [model.tokenizer.boundary_id, *model.tokenizer.encode(text).ids.tolist()]

    # As lm-eval asks: token ids, one token, echo and one log-probability.
    fields = {"model": name, "prompt": ids, "max_tokens": 1, "echo": True, "logprobs": 1}
    choice = post(client, "/v1/completions", temperature=0, **fields)["choices"][0]
    card = post(client, "/v1/score", model=name, text=text)["card"]

    [boundary, *values, _] = choice["logprobs"]["token_logprobs"]
    perplexity = math.exp(-sum(values) / len(values))
    assert boundary is None
    assert perplexity == pytest.approx(model.evaluate(text=text).perplexity, rel=1e-5)
    assert perplexity == pytest.approx(card["perplexity"], rel=1e-5)


@names
@pytest.mark.parametrize("text", ["", "w1 w2", "caf"])
def test_next_tokens_are_those_of_the_library(name: str, text: str, client: TestClient) -> None:
    body = post(client, "/v1/next", model=name, text=text, k=4, tokens=True)

    found = [(each["token"], each["probability"]) for each in body["next"]]
    expected = MODELS[name].next_tokens(text, k=4)
    assert [token for token, _ in found] == [token for token, _ in expected]
    assert [share for _, share in found] == pytest.approx([share for _, share in expected])


@pytest.mark.parametrize("text", ["", "w1 w2", "w1\n"])
def test_next_words_are_those_of_the_library(text: str, client: TestClient) -> None:
    body = post(client, "/v1/next", model="words", text=text, k=4)

    found = [(each["token"], each["probability"]) for each in body["next"]]
    expected = MODELS["words"].next_words(text, k=4)
    assert [token for token, _ in found] == [token for token, _ in expected]
    assert [share for _, share in found] == pytest.approx([share for _, share in expected])
    assert body["context"] == text


@names
@pytest.mark.parametrize("text", ["w1 w", "ca", ""])
def test_words_are_completed_as_by_a_keyboard(name: str, text: str, client: TestClient) -> None:
    body = post(client, "/v1/complete", model=name, text=text, k=3)

    expected = MODELS[name].typing_session(text).suggestions(3)
    found = [each["token"] for each in body["next"]]
    assert len(found) == len(expected)
    if name == "words":
        assert found == [word for word, _ in expected]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/score", {}),
        ("/v1/score", {"lines": []}),
        ("/v1/score", {"lines": ["a"], "text": "b"}),
        ("/v1/score", {"lines": ["a\nb"]}),
        ("/v1/score", {"lines": ["a"] * 5}),
        ("/v1/score", {"lines": ["a " * 40] * 2}),
        ("/v1/score", {"lines": ["a"], "top": 21}),
        ("/v1/next", {"k": 0}),
        ("/v1/next", {"text": "a " * 61}),
        ("/v1/next", {"text": "a " * 61, "tokens": True}),
        ("/v1/complete", {"text": "a " * 3000}),
        ("/v1/complete", {"context": "a"}),
    ],
)
def test_wrong_input_is_refused(path: str, fields: dict[str, Any], client: TestClient) -> None:
    response = client.post(path, json={"model": "words", **fields})

    assert response.status_code == 422, response.text


def test_text_without_tokens_is_refused(client: TestClient) -> None:
    response = client.post("/v1/score", json={"model": "bytes", "text": ""})

    assert response.status_code == 422
    assert "no tokens" in response.json()["error"]["message"]
