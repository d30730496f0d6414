from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from served_models import client_of, served_model


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with client_of({"words": served_model(), "bytes": served_model("byte")}) as made:
        yield made


def test_models_are_listed(client: TestClient) -> None:
    listed = client.get("/v1/models").json()

    assert listed["object"] == "list"
    assert [each["id"] for each in listed["data"]] == ["words", "bytes"]
    assert client.get("/v1/models/words").json() == listed["data"][0]
    assert client.get("/v1/models/none").status_code == 404


@pytest.mark.parametrize(("name", "boundary"), [("words", "</s>"), ("bytes", "<s>")])
def test_name_of_the_boundary_is_encoded_as_the_boundary(
    name: str, boundary: str, client: TestClient
) -> None:
    info = client.get("/tokenizer_info", params={"model": name}).json()
    assert info["eos_token"] == info["bos_token"] == boundary

    tokens = client.post("/tokenize", json={"model": name, "prompt": boundary}).json()["tokens"]

    added = {"model": name, "prompt": "", "add_special_tokens": True}
    assert client.post("/tokenize", json=added).json()["tokens"] == tokens
    assert len(tokens) == 1


@pytest.mark.parametrize(("name", "text"), [("words", "w1 w2\nw3"), ("bytes", "naïve 漢\n")])
def test_detokenize_restores_what_tokenize_read(name: str, text: str, client: TestClient) -> None:
    body = {"model": name, "prompt": text, "add_special_tokens": False}
    encoded = client.post("/tokenize", json=body).json()

    decoded = client.post("/detokenize", json={"model": name, "tokens": encoded["tokens"]}).json()

    assert decoded["prompt"] == text
    assert encoded["count"] == len(encoded["tokens"])


def test_bytes_that_are_not_text_are_readable(client: TestClient) -> None:
    tokens = [served_model("byte").tokenizer.id_of("<0xFF>")]

    decoded = client.post("/detokenize", json={"model": "bytes", "tokens": tokens})

    assert decoded.json()["prompt"] == "\ufffd"
    assert client.post("/detokenize", json={"model": "bytes", "tokens": [9999]}).status_code == 422
