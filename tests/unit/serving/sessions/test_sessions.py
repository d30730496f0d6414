"""Sessions over HTTP, and the store of sessions."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

import nextword
from nextword.serving.http import ApiError
from nextword.serving.sessions import SessionStore, Snapshot
from served_models import client_of, served_model

MODEL = served_model()
OTHER = served_model(seed=1)
OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    limits = {"max_tokens": 200, "max_prompt_tokens": 100, "max_sessions": 50}
    with client_of({"words": MODEL, "other": OTHER}, limits=limits) as made:
        yield made


def create(client: TestClient, **fields: Any) -> str:
    response = client.post("/v1/sessions", json={"model": "words", **fields})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def call(client: TestClient, id: str, action: str, **fields: Any) -> dict[str, Any]:
    response = client.post(f"/v1/sessions/{id}/{action}", json=fields)
    assert response.status_code in (200, 201), response.text
    body: dict[str, Any] = response.json()
    return body


def state(client: TestClient, id: str) -> bytes:
    content: bytes = client.get(f"/v1/sessions/{id}/state").content
    return content


def test_session_predicts_as_after_the_whole_text(client: TestClient) -> None:
    id = create(client, text="w1 w2")

    appended = call(client, id, "append", text="w3\nw4")

    assert appended["num_tokens"] == 5
    assert appended["log_probs"] is None
    found = [(each["token"], each["probability"]) for each in call(client, id, "next")["next"]]
    expected = MODEL.next_words("w1 w2 w3\nw4")
    assert [token for token, _ in found] == [token for token, _ in expected]
    assert [share for _, share in found] == pytest.approx([share for _, share in expected])


def test_scored_text_sums_to_the_score_of_the_line(client: TestClient) -> None:
    id = create(client)

    first = call(client, id, "append", text="w1 w2", score=True)
    second = call(client, id, "append", text="w5\n", score=True)

    total = sum([*first["log_probs"], *second["log_probs"]])
    assert total == pytest.approx(MODEL.score(["w1 w2 w5"])[0].log_prob, abs=1e-5)
    assert first["token_ids"] == MODEL.tokenizer.encode("w1 w2").ids.tolist()


def test_sample_continues_and_is_read(client: TestClient) -> None:
    id = create(client, text="w1 w2")
    fields = {"max_tokens": 8, "seed": 4, "temperature": 0.9}

    first = call(client, id, "sample", **fields)

    expected = MODEL.generate("w1 w2", **fields)
    assert (first["text"], first["num_tokens"], first["num_sampled"]) == (expected, 10, 8)
    whole = create(client, text="w1 w2" + first["text"])
    kept, read = (call(client, each, "next", k=12)["next"] for each in (id, whole))
    assert [each["token"] for each in kept] == [each["token"] for each in read]
    shares = [each["probability"] for each in read]
    assert [each["probability"] for each in kept] == pytest.approx(shares, rel=1e-5)


def test_sample_that_is_not_kept_changes_nothing(client: TestClient) -> None:
    id = create(client, text="w1")
    before = state(client, id)

    texts = [call(client, id, "sample", seed=3, keep=False)["text"] for _ in range(2)]

    assert texts == [MODEL.generate("w1", max_tokens=16, seed=3)] * 2
    assert state(client, id) == before


def test_stop_string_ends_a_sample(client: TestClient) -> None:
    id = create(client, text="w1")
    text = MODEL.generate("w1", max_tokens=40, seed=7)

    sample = call(client, id, "sample", max_tokens=40, seed=7, stop=text[9:12])

    assert sample["text"] == text[: text.index(text[9:12])]
    assert sample["finish_reason"] == "stop"
    assert sample["num_tokens"] == 1 + sample["num_sampled"]


def test_fork_is_independent(client: TestClient) -> None:
    id = create(client, text="w1")

    fork = call(client, id, "fork")["id"]
    call(client, fork, "append", text="w2")

    assert client.get(f"/v1/sessions/{id}").json()["num_tokens"] == 1
    assert client.get(f"/v1/sessions/{fork}").json()["num_tokens"] == 2


def test_round_trip_is_equal_to_the_bit(client: TestClient) -> None:
    id = create(client, text="w1 w2 w3 zzz\n")
    data = state(client, id)

    response = client.post("/v1/sessions/upload?model=words", content=data, headers=OCTETS)

    uploaded = response.json()["id"]
    assert response.status_code == 201
    assert state(client, uploaded) == data
    assert client.get(f"/v1/sessions/{uploaded}").json()["num_tokens"] == 5
    for action, fields in (("next", {"k": 9}), ("sample", {"seed": 2, "max_tokens": 20})):
        first, second = (call(client, each, action, **fields) for each in (id, uploaded))
        assert {**first, "id": "", "expires_in_s": 0} == {**second, "id": "", "expires_in_s": 0}
    assert state(client, uploaded) == state(client, id)
    session = nextword.Session.from_bytes(MODEL.language_model, data)
    assert session.num_tokens.tolist() == [5]


def test_size_does_not_grow_with_the_text(client: TestClient) -> None:
    id = create(client, text="w1")
    size = client.get(f"/v1/sessions/{id}").json()["num_bytes"]

    for _ in range(5):
        call(client, id, "append", text="w2 w3 w4 " * 30)

    grown = client.get(f"/v1/sessions/{id}").json()
    assert (grown["num_tokens"], grown["num_bytes"]) == (451, size)
    assert size < 2000


@pytest.mark.parametrize("change", ["cut", "flip", "other", "rows", "nan", "empty"])
def test_damaged_or_foreign_state_is_refused(change: str, client: TestClient) -> None:
    data = state(client, create(client, text="w1 w2"))
    model = "words"
    if change == "cut":
        data = data[:-10]
    elif change == "flip":
        data = bytes([data[0] ^ 255]) + data[1:]
    elif change == "other":
        model = "other"
    elif change == "rows":
        data = nextword.Session(MODEL.language_model, num_rows=2).to_bytes()
    elif change == "nan":
        data = with_nan(data)
    else:
        data = b""

    response = client.post(f"/v1/sessions/upload?model={model}", content=data, headers=OCTETS)

    assert response.status_code == 422, response.text
    assert response.json()["error"]["message"]


def with_nan(data: bytes) -> bytes:
    """Return a state whose first hidden value is NaN."""
    import torch

    session = nextword.Session.from_bytes(MODEL.language_model, data)
    tensors = session._state.tensors
    name = next(name for name, value in tensors.items() if value.dtype == torch.float32)
    tensors[name].view(-1)[0] = torch.nan
    return session.to_bytes()


def test_deleted_session_is_gone(client: TestClient) -> None:
    id = create(client)

    assert client.delete(f"/v1/sessions/{id}").json() == {"id": id, "deleted": True}

    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/state"), ("POST", "/fork")):
        response = client.request(method, f"/v1/sessions/{id}{path}")
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "session_not_found"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("append", {}),
        ("append", {"text": "w1", "token_ids": [3]}),
        ("append", {"text": "w1 " * 101}),
        ("append", {"token_ids": [999]}),
        ("next", {"k": 0}),
        ("sample", {"max_tokens": 201}),
        ("sample", {"max_tokens": 0}),
        ("sample", {"stop": ["a"] * 5}),
    ],
)
def test_wrong_input_is_refused_and_changes_nothing(
    action: str, fields: dict[str, Any], client: TestClient
) -> None:
    id = create(client, text="w1")
    before = state(client, id)

    response = client.post(f"/v1/sessions/{id}/{action}", json=fields)

    assert response.status_code == 422
    assert state(client, id) == before


class Clock:
    """A clock that the test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


SNAPSHOT = Snapshot(data=b"state", num_tokens=1, last_id=3)


def test_session_expires_after_its_last_use() -> None:
    clock = Clock()
    store = SessionStore(max_sessions=3, ttl_s=10.0, clock=clock)
    first, second = (store.create("words", SNAPSHOT) for _ in range(2))

    clock.now += 6.0
    store.use(first.id)
    clock.now += 6.0

    assert store.use(first.id).model == "words"
    with pytest.raises(ApiError, match="deleted 10 s after their last use"):
        store.use(second.id)
    assert len(store) == 1
    assert store.expires_in(store.use(first.id)) == 10.0


def test_sessions_beyond_the_limit_are_refused_until_some_expire() -> None:
    clock = Clock()
    store = SessionStore(max_sessions=2, ttl_s=10.0, clock=clock)
    for _ in range(2):
        store.create("words", SNAPSHOT)

    with pytest.raises(ApiError, match="2 sessions are kept") as caught:
        store.create("words", SNAPSHOT)

    assert caught.value.status == 429
    clock.now += 11.0
    assert store.create("words", SNAPSHOT).id


def test_ids_are_long_and_random() -> None:
    async def make() -> set[str]:
        store = SessionStore(max_sessions=100, ttl_s=10.0)
        return {store.create("words", SNAPSHOT).id for _ in range(100)}

    ids = asyncio.run(make())

    assert len(ids) == 100
    assert min(map(len, ids)) > 30
