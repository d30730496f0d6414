"""Completions in the OpenAI protocol: what clients rely on, one test each."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from fakes import ConstantModel
from nextword.api import Model
from nextword.generation import Session
from served_models import client_of, model_of, served_model

WORDS = served_model()
BYTES = served_model("byte", seed=3)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    limits = {"max_tokens": 200, "max_samples": 4, "max_prompts": 5, "max_prompt_tokens": 50}
    with client_of({"words": WORDS, "bytes": BYTES}, limits=limits) as made:
        yield made


def complete(client: TestClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/v1/completions", json={"model": "words", **fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def events(client: TestClient, **fields: Any) -> list[dict[str, Any]]:
    """The chunks of a stream, without the last line."""
    body = {"model": "words", "stream": True, **fields}
    response = client.post("/v1/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    *lines, last = response.text.removesuffix("\n\n").split("\n\n")
    assert last == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def refusal(client: TestClient, **fields: Any) -> tuple[int, dict[str, Any]]:
    response = client.post("/v1/completions", json={"model": "words", **fields})
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return response.status_code, error


@pytest.mark.parametrize(("name", "model"), [("words", WORDS), ("bytes", BYTES)])
def test_completion_is_what_generate_gives(name: str, model: Model, client: TestClient) -> None:
    body = complete(client, model=name, prompt="w1 w2", max_tokens=30, seed=5, n=3)

    expected = model.samples("w1 w2", num_samples=3, max_tokens=30, seed=5)
    texts = [choice["text"] for choice in body["choices"]]
    assert texts == [_readable(sample.text) for sample in expected]
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert {choice["finish_reason"] for choice in body["choices"]} == {"length"}
    assert (body["object"], body["model"]) == ("text_completion", name)


def _readable(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


def test_settings_of_sampling_are_those_of_generate(client: TestClient) -> None:
    settings = {"temperature": 0.7, "top_p": 0.8, "top_k": 5, "repetition_penalty": 1.3}

    body = complete(client, prompt="w3", max_tokens=20, seed=1, min_p=0.01, **settings)

    expected = WORDS.generate("w3", max_tokens=20, seed=1, min_p=0.01, **settings)
    assert body["choices"][0]["text"] == expected


def test_prompt_of_ids_is_the_same_prompt(client: TestClient) -> None:
    ids = WORDS.tokenizer.encode("w1 w2").ids.tolist()

    by_text = complete(client, prompt=["w1 w2"] * 2, seed=2)
    by_ids = complete(client, prompt=[ids, ids], seed=2)

    assert by_text["choices"] == by_ids["choices"]
    assert complete(client, prompt=ids, seed=2)["choices"] == by_ids["choices"][:1]
    assert by_ids["usage"] == {"prompt_tokens": 4, "completion_tokens": 32, "total_tokens": 36}


def test_choices_of_several_prompts_are_numbered_prompt_by_prompt(client: TestClient) -> None:
    body = complete(client, prompt=["w1", "w2"], n=2, seed=2, echo=True)

    starts = [choice["text"][:2] for choice in body["choices"]]
    assert starts == ["w1", "w1", "w2", "w2"]
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2, 3]


def test_echo_scores_the_prompt_as_nextword_score_does(client: TestClient) -> None:
    body = complete(client, prompt="w1 w2 zzz\n", max_tokens=1, echo=True, logprobs=1)

    logprobs = body["choices"][0]["logprobs"]
    [line] = WORDS.surprisal(["w1 w2 zzz"])
    expected = [-token.surprisal for token in line.tokens]
    assert logprobs["tokens"][:4] == ["w1", "w2", "<unk>", "</s>"]
    assert logprobs["token_logprobs"][0] is None
    assert logprobs["top_logprobs"][0] is None
    assert logprobs["token_logprobs"][1:4] == pytest.approx(expected[1:], abs=1e-6)
    assert len(logprobs["tokens"]) == 5


def test_most_probable_token_equals_the_maximum_exactly(client: TestClient) -> None:
    first = complete(client, prompt="", max_tokens=40, temperature=0, logprobs=1)["choices"][0]
    ids = WORDS.tokenizer.encode(first["text"]).ids.tolist()
    ids[5] = 3 + (ids[5] - 2) % 13

    body = complete(client, prompt=ids, temperature=0, max_tokens=1, echo=True, logprobs=1)

    logprobs = body["choices"][0]["logprobs"]
    distributions = Session(WORDS.language_model).predict([ids])[0]
    expected = (distributions.argmax(1) == torch.tensor(ids)).tolist()
    pairs = zip(logprobs["token_logprobs"][1:-1], logprobs["top_logprobs"][1:-1], strict=True)
    greedy = [value == max(top.values()) for value, top in pairs]
    assert greedy == expected[1:]
    assert not greedy[4]
    tokens = zip(logprobs["tokens"][1:], logprobs["top_logprobs"][1:], strict=True)
    assert all(token in top for token, top in tokens)


def test_ids_that_begin_with_the_boundary_are_scored_from_there(client: TestClient) -> None:
    ids = WORDS.tokenizer.encode("w1 w2\n").ids.tolist()

    with_boundary = complete(
        client, prompt=[WORDS.tokenizer.boundary_id, *ids], max_tokens=0, echo=True, logprobs=0
    )["choices"][0]

    values = with_boundary["logprobs"]["token_logprobs"]
    assert values[0] is None
    assert sum(values[1:]) == pytest.approx(WORDS.score(["w1 w2"])[0].log_prob, abs=1e-6)
    assert with_boundary["finish_reason"] == "length"


@pytest.mark.parametrize("prompt", ["", [], [3]])
def test_empty_context_is_continued(prompt: Any, client: TestClient) -> None:
    if prompt == []:
        assert refusal(client, prompt=prompt)[0] == 422
        prompt = [[]]

    body = complete(client, prompt=prompt, max_tokens=4, seed=1, logprobs=1)

    assert body["choices"][0]["text"] == WORDS.generate("", max_tokens=4, seed=1)
    assert len(body["choices"][0]["logprobs"]["tokens"]) == 4


@pytest.mark.parametrize("name", ["words", "bytes"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prompt", ["w1 w2\nw3", "", [3, 5, 6]])
def test_offsets_point_at_the_tokens(
    name: str, stream: bool, prompt: Any, client: TestClient
) -> None:
    fields = {"model": name, "prompt": prompt, "max_tokens": 30, "echo": True, "logprobs": 0}
    if stream:
        choices = [each["choices"][0] for each in events(client, seed=4, **fields)]
    else:
        choices = complete(client, seed=4, **fields)["choices"]

    text = "".join(choice["text"] for choice in choices)
    logprobs = [choice["logprobs"] for choice in choices]
    tokens = [token for each in logprobs for token in each["tokens"]]
    offsets = [offset for each in logprobs for offset in each["text_offset"]]
    whole = [
        text[offset : offset + len(token)] == token
        for token, offset in zip(tokens, offsets, strict=True)
        if not token.startswith("<") and token.isprintable()
    ]
    assert whole
    assert all(whole)
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)


def test_stream_has_one_id_and_joins_to_the_same_answer(client: TestClient) -> None:
    fields = {"prompt": ["w1", "w2"], "n": 2, "seed": 9, "max_tokens": 12, "logprobs": 2}

    chunks = events(client, **fields, stream_options={"include_usage": True})

    whole = complete(client, **fields)
    *parts, usage = chunks
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
    assert all(chunk["usage"] is None for chunk in parts)
    for choice in whole["choices"]:
        own = [c for chunk in parts for c in chunk["choices"] if c["index"] == choice["index"]]
        assert "".join(part["text"] for part in own) == choice["text"]
        assert [part["finish_reason"] for part in own] == [None] * (len(own) - 1) + ["length"]
        assert len(own) > 2
        for key, values in choice["logprobs"].items():
            assert [value for part in own for value in part["logprobs"][key]] == values


def test_stream_without_usage_has_no_usage(client: TestClient) -> None:
    assert all("usage" not in chunk for chunk in events(client, prompt="w1", max_tokens=3))


@pytest.mark.parametrize("stream", [False, True])
def test_stop_string_across_tokens_ends_the_text_before_it(
    stream: bool, client: TestClient
) -> None:
    text = WORDS.generate("w1", max_tokens=60, seed=7)
    stop = text[20:24]  # ends within a word
    fields = {"prompt": "w1", "max_tokens": 60, "seed": 7, "stop": ["never", stop], "logprobs": 0}

    if stream:
        choices = [each["choices"][0] for each in events(client, **fields)]
    else:
        choices = complete(client, **fields)["choices"]

    found = "".join(choice["text"] for choice in choices)
    assert found == text[: text.index(stop)]
    assert choices[-1]["finish_reason"] == "stop"
    offsets = [offset for each in choices for offset in each["logprobs"]["text_offset"]]
    assert max(offsets) < len(found)


def test_characters_of_several_bytes_are_never_split() -> None:
    text = "née 漢字 🙂🙃"
    model = cycling_model(text)
    with client_of({"words": model}) as client:
        chunks = events(client, prompt="", max_tokens=len(text.encode()), logprobs=0)

    parts = [chunk["choices"][0]["text"] for chunk in chunks]
    assert "".join(parts) == text
    assert [part for part in parts if part] == list(text)
    offsets = [o for chunk in chunks for o in chunk["choices"][0]["logprobs"]["text_offset"]]
    assert offsets == [place for place, each in enumerate(text) for _ in each.encode()]


class Cycling(ConstantModel):
    """Predicts one fixed sequence of ids."""

    def __init__(self, ids: list[int], *, vocab_size: int, boundary_id: int) -> None:
        super().__init__([1.0 / vocab_size] * vocab_size, boundary_id=boundary_id)
        self.ids = ids

    def next_log_probs(self, token_ids: Any, state: Any, lengths: Any = None) -> Any:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        log_probs = log_probs.clone()
        for row, first in enumerate(state.num_tokens.tolist()):
            for step in range(token_ids.shape[1]):
                log_probs[row, step] = -np.inf
                log_probs[row, step, self.ids[(first + step) % len(self.ids)]] = 0.0
        return log_probs, after


def cycling_model(text: str) -> Model:
    """A byte model that says a text."""
    tokenizer = BYTES.tokenizer
    ids = tokenizer.encode(text).ids.tolist()
    model = Cycling(ids, vocab_size=tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
    return model_of(model, tokenizer)


def test_probability_0_is_a_number_in_json() -> None:
    with client_of({"words": cycling_model("ab")}) as client:
        body = complete(client, prompt="zz", max_tokens=0, echo=True, logprobs=3)

    logprobs = body["choices"][0]["logprobs"]
    assert logprobs["token_logprobs"] == [None, -9999.0]
    assert min(logprobs["top_logprobs"][1].values()) == -9999.0


def test_logit_bias_moves_the_choice(client: TestClient) -> None:
    token_id = WORDS.tokenizer.id_of("w7")

    body = complete(client, prompt="w1", max_tokens=3, logit_bias={str(token_id): 100})

    assert body["choices"][0]["text"] == " w7 w7 w7"


def test_requests_without_seed_differ(client: TestClient) -> None:
    texts = {complete(client, prompt="w1")["choices"][0]["text"] for _ in range(3)}

    assert len(texts) == 3


def test_blank_after_the_prompt_is_not_doubled(client: TestClient) -> None:
    fields = {"max_tokens": 3, "seed": 5, "echo": True, "logprobs": 0}

    choice = complete(client, prompt="w1 ", **fields)["choices"][0]

    assert "  " not in choice["text"]
    assert choice["text"].startswith("w1 ")
    for token, offset in zip(
        choice["logprobs"]["tokens"], choice["logprobs"]["text_offset"], strict=True
    ):
        assert token == "</s>" or choice["text"][offset:].startswith(token)


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"n": 0}, 422, "n"),
        ({"n": 5}, 422, "n"),
        ({"best_of": 2}, 422, "best_of"),
        ({"logprobs": True}, 422, "logprobs"),
        ({"logprobs": 21}, 422, "logprobs"),
        ({"max_tokens": 0}, 422, "max_tokens"),
        ({"max_tokens": -1}, 422, "max_tokens"),
        ({"max_tokens": 10**9}, 422, "max_tokens"),
        ({"temperature": -0.1}, 422, "temperature"),
        ({"temperature": "hot"}, 422, "temperature"),
        ({"temperature": 0, "top_k": 3}, 422, "top_k"),
        ({"top_p": 0}, 422, "top_p"),
        ({"stop": ["a", "b", "c", "d", "e"]}, 422, "number of stop strings"),
        ({"stop": [""]}, 422, "stop.0"),
        ({"stop": ["", ""]}, 422, "stop.0"),
        ({"stop": ""}, 422, "stop"),
        ({"suffix": "end"}, 422, "suffix"),
        ({"presence_penalty": 0.5}, 422, "presence_penalty"),
        ({"frequency_penalty": 1}, 422, "frequency_penalty"),
        ({"stream_options": {}}, 422, "stream_options"),
        ({"stream": True, "stream_options": {"other": 1}}, 422, "stream_options.other"),
        ({"logit_bias": {"w1": 1}}, 422, "logit_bias"),
        ({"logit_bias": {"99": 1}}, 422, "logit_bias"),
        ({"logit_bias": {"3": 101}}, 422, "logit_bias.3"),
        ({"prompt": [99]}, 422, "prompt"),
        ({"prompt": [-1]}, 422, "prompt.0"),
        ({"prompt": "w1 " * 51}, 422, "number of tokens of prompt"),
        ({"prompt": ["w1"] * 6}, 422, "number of prompts"),
        ({"prompt": [["w1"]]}, 422, "prompt.0.0"),
        ({"functions": []}, 422, "functions"),
        ({"model": "other"}, 404, "model"),
        ({"model": None}, 422, "model"),
        ({"seed": 2**63}, 422, "seed"),
        ({"seed": 1.5}, 422, "seed"),
    ],
)
def test_what_is_not_honoured_is_refused(
    fields: dict[str, Any], status: int, param: str | None, client: TestClient
) -> None:
    found, error = refusal(client, **fields)

    assert found == status
    assert error["type"] in ("invalid_request_error", "not_found_error")
    if param is not None:
        assert error["param"] == param
    assert error["message"].endswith(".")


def test_refused_stop_has_one_reason(client: TestClient) -> None:
    assert "valid list" not in refusal(client, stop="")[1]["message"]
    assert "valid string" not in refusal(client, stop=["", ""])[1]["message"]


def test_fields_that_are_null_have_their_defaults(client: TestClient) -> None:
    nulls = dict.fromkeys(
        ("temperature", "top_p", "top_k", "min_p", "typical_p", "repetition_penalty", "n", "stop")
    )

    given = complete(client, prompt="w1", seed=3, **nulls)["choices"]

    assert given == complete(client, prompt="w1", seed=3)["choices"]


def test_negative_seed_is_a_seed_of_its_own(client: TestClient) -> None:
    texts = [complete(client, prompt="w1", seed=seed)["choices"][0]["text"] for seed in (-5, -5, 5)]

    assert texts[0] == texts[1] != texts[2]


def test_penalty_is_refused_with_what_is_supported(client: TestClient) -> None:
    _, error = refusal(client, frequency_penalty=0.5)

    assert error["message"] == (
        "frequency_penalty: only 0 is supported; repetition_penalty makes repetition less likely."
    )


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/responses"])
def test_other_paths_of_the_protocol_name_the_one_that_is_served(
    path: str, client: TestClient
) -> None:
    response = client.post(path, json={"model": "tiny"})

    assert response.status_code == 404
    assert "/v1/completions continues a text" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"best_of": 2, "n": 2},
        {"presence_penalty": 0.0, "frequency_penalty": 0},
        {"user": "someone", "suffix": None},
        {"n": None, "max_tokens": None, "echo": None, "stream": None, "stop": None},
        {"temperature": 1, "top_p": 1},
    ],
)
def test_defaults_that_clients_send_are_taken(fields: dict[str, Any], client: TestClient) -> None:
    assert complete(client, prompt="w1", **fields)["choices"]


def test_backward_model_is_refused() -> None:
    from fakes import tokenizer_of

    tokenizer = tokenizer_of("a b\n", direction="backward")
    model = model_of(ConstantModel([0.2] * tokenizer.vocab_size), tokenizer)
    with client_of({"words": model}) as client:
        status, error = refusal(client, prompt="a")

    assert status == 422
    assert "reads each line backward" in error["message"]
