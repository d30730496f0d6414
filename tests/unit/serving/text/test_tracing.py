"""The units of a model over HTTP are those of the library."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from fakes import network_spec, tokenizer_of
from nextword.families import WindowConfig
from nextword.inspection import unit_values
from served_models import WORDS, client_of, model_of, served_model

MODELS = {"words": served_model(), "bytes": served_model("byte", seed=2)}
TEXTS = {"words": "w1 w2\nw3 w4", "bytes": "naïve 漢字"}


def window_model() -> Any:
    tokenizer = tokenizer_of(WORDS)
    spec = network_spec(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
    return model_of(WindowConfig(window=3, hidden_size=4).build(spec), tokenizer)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of({**MODELS, "window": window_model()}) as made:
        yield made


@pytest.mark.parametrize("name", ["words", "bytes"])
@pytest.mark.parametrize("place", [{}, {"layer": 1, "unit": 5, "last": 3}])
def test_values_are_those_of_the_library(
    name: str, place: dict[str, int], client: TestClient
) -> None:
    text = TEXTS[name]

    body = client.post("/v1/trace", json={"model": name, "text": text, **place}).json()

    model = MODELS[name]
    ids = model.tokenizer.encode(text).ids
    expected = unit_values(model.language_model, ids, **place)
    assert (body["layer"], body["unit"], body["num_units"]) == (1, expected.unit, 8)
    assert body["values"].keys() == expected.values.keys()
    for part, values in expected.values.items():
        assert body["values"][part] == pytest.approx(values.tolist(), abs=1e-6)
    offsets = model.tokenizer.offsets(text).tolist()[-place.get("last", 256) :]
    assert [[each["start"], each["end"]] for each in body["tokens"]] == offsets
    assert all(text[each["start"] : each["end"]] == each["text"] for each in body["tokens"])


def test_an_empty_text_has_no_values(client: TestClient) -> None:
    body = client.post("/v1/trace", json={"model": "words", "text": ""}).json()

    assert body["tokens"] == []
    assert set(map(len, body["values"].values())) == {0}


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"model": "window"}, 422, "'window' has no units"),
        ({"model": "none"}, 404, "no model 'none'"),
        ({"layer": 2}, 422, "layer is 2"),
        ({"layer": 0}, 422, "layer"),
        ({"unit": 8}, 422, "unit is 8"),
        ({"last": 0}, 422, "last"),
        ({"last": 513}, 422, "last"),
        ({"unit": 1.5}, 422, "unit"),
        ({"text": "w1 " * 3000}, 422, "3000 tokens; the limit is 2048"),
    ],
)
def test_places_that_do_not_exist_are_refused(
    fields: dict[str, Any], status: int, message: str, client: TestClient
) -> None:
    response = client.post("/v1/trace", json={"model": "words", "text": "w1", **fields})

    assert response.status_code == status
    assert message in response.json()["error"]["message"]


def test_models_say_how_many_units_they_have(client: TestClient) -> None:
    listed = client.get("/v1/models").json()["data"]

    assert {each["id"]: each["units_per_layer"] for each in listed} == {
        "words": [8],
        "bytes": [8],
        "window": [],
    }
