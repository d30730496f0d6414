"""Taggers, classifiers, transducers and readers over HTTP answer as they do in Python."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import nextword as nw
from classifiers import new_classifier
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.transduction import Transducer
from served_models import client_of, served_model
from tagging import name_sentence, small_tagger
from tiny_reader import tiny_file, tiny_settings
from tiny_transducer import SOURCES, tiny_model, tiny_parts

TAGGER = small_tagger([name_sentence(random.Random(seed)) for seed in range(20)])
CLASSIFIER = new_classifier()
PARTS = tiny_parts()
TRANSDUCER = Transducer(PARTS, [tiny_model(PARTS)])
PASSAGE = "Anna is in the hall. Paul is in the attic."


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("reader")
    settings = tiny_settings(training={"epochs": 1, "batch_size": 16})
    result = nw.train_reader(
        str(tiny_file(folder / "train.jsonl", 24)), out=folder / "run", settings=settings
    )
    return nw.load(Path(result.run))


@pytest.fixture(scope="module")
def client(reader: Any) -> Iterator[TestClient]:
    models = {
        "tagger": TAGGER,
        "classifier": CLASSIFIER,
        "transducer": TRANSDUCER,
        "reader": reader,
        "words": served_model(),
    }
    with client_of(models, limits={"max_prompts": 3, "max_prompt_tokens": 40}) as made:
        yield made


def post(client: TestClient, path: str, **fields: Any) -> dict[str, Any]:
    response = client.post(path, json=fields)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_models_of_tasks_are_listed(client: TestClient) -> None:
    listed = {each["id"]: each["task"] for each in client.get("/v1/models").json()["data"]}

    assert listed == {
        "tagger": "tagging",
        "classifier": "classification",
        "transducer": "transduction",
        "reader": "reading",
        "words": "language",
    }


def test_sentences_are_tagged(client: TestClient) -> None:
    body = post(client, "/v1/tag", sentences=["Ann went home", ["Bob", "."]], probabilities=True)

    expected = list(TAGGER.tag_sentences([["Ann", "went", "home"], ["Bob", "."]]))
    labels = [[(word["text"], word["label"]) for word in each] for each in body["sentences"]]
    assert labels == [[(token.text, token.label) for token in each] for each in expected]
    assert all(0 < word["probability"] <= 1 for each in body["sentences"] for word in each)


def test_texts_are_classified(client: TestClient) -> None:
    texts = ["a good film", "bad"]

    body = post(client, "/v1/classify", texts=texts)

    for result, expected in zip(body["results"], CLASSIFIER.predict(texts), strict=True):
        assert result["labels"] == list(expected.labels)
        assert result["probabilities"] == pytest.approx(expected.probabilities)


def test_sources_are_transduced(client: TestClient) -> None:
    body = post(client, "/v1/transduce", sources=list(SOURCES[:3]), beam=3, n_best=2)

    search = TRANSDUCER.with_search(SearchConfig(beam_size=3, n_best=2))
    expected = list(search.transduce_texts(SOURCES[:3]))
    found = [[each["target"] for each in targets] for targets in body["results"]]
    assert found == [[each.text for each in targets] for targets in expected]


def test_questions_are_answered(client: TestClient, reader: Any) -> None:
    questions = [
        {"passage": PASSAGE, "question": "Where is Anna?"},
        {
            "passage": ["Anna is in the hall.", "Paul is in the attic."],
            "question": "Where is Paul?",
            "history": [{"question": "Where is Anna?", "answer": "hall"}],
        },
    ]

    body = post(client, "/v1/read", questions=questions)

    answers = [each["answer"] for each in body["results"]]
    assert answers[0] == reader.read(PASSAGE, "Where is Anna?")
    start, end = body["results"][0]["span"]
    assert PASSAGE[start:end] == answers[0]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/v1/tag", {"sentences": []}, 422),
        ("/v1/tag", {"sentences": [" "]}, 422),
        ("/v1/tag", {"sentences": [["a", ""]]}, 422),
        ("/v1/tag", {"sentences": ["a"] * 4}, 422),
        ("/v1/tag", {"sentences": ["a " * 41]}, 422),
        ("/v1/tag", {"sentences": ["a"], "model": "words"}, 404),
        ("/v1/classify", {"texts": [""]}, 422),
        ("/v1/transduce", {"sources": ["ab"], "n_best": 2}, 422),
        ("/v1/transduce", {"sources": ["ab"], "beam": 33}, 422),
        ("/v1/read", {"questions": [{"passage": PASSAGE, "question": ""}]}, 422),
        ("/v1/read", {"questions": [{"passage": "", "question": "Where?"}]}, 422),
        ("/v1/completions", {"prompt": "a", "model": "tagger"}, 404),
    ],
)
def test_wrong_input_is_refused(
    path: str, fields: dict[str, Any], status: int, client: TestClient
) -> None:
    response = client.post(path, json=fields)

    assert response.status_code == status, response.text
    assert response.json()["error"]["message"]


def test_unknown_symbols_do_not_fail(client: TestClient) -> None:
    assert post(client, "/v1/transduce", sources=["äöü", "\U0001f642"])["results"]
    assert post(client, "/v1/tag", sentences=["\u00a0x", "漢字"])["sentences"]
