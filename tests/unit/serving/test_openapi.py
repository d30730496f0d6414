"""The OpenAPI document: complete, and true of what the application answers."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from starlette.testclient import TestClient

from nextword.serving import Limits, ServerConfig, create_app
from served_models import client_of, served_model

LOCAL = {"host": "localhost"}
CHECKS = [
    checks.not_a_server_error,
    checks.response_schema_conformance,
    checks.status_code_conformance,
    checks.content_type_conformance,
]
MODELS = {"words": served_model(), "bytes": served_model("byte")}
PATHS = {
    *("/v1/completions", "/v1/models", "/v1/models/{name}", "/v1/score", "/v1/next"),
    *("/v1/complete", "/v1/trace", "/v1/tag", "/v1/classify", "/v1/transduce", "/v1/read"),
    *("/tokenizer_info", "/tokenize", "/detokenize", "/healthz", "/readyz", "/metrics"),
    *("/v1/sessions", "/v1/sessions/upload", "/v1/sessions/{id}", "/v1/sessions/{id}/state"),
    *("/v1/sessions/{id}/append", "/v1/sessions/{id}/next", "/v1/sessions/{id}/sample"),
    "/v1/sessions/{id}/fork",
}


def test_every_endpoint_is_documented() -> None:
    with client_of(MODELS) as client:
        document = client.get("/openapi.json").json()

    assert set(document["paths"]) == PATHS
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert all(each["summary"] and each["description"] for each in operations)
    assert all({"422", "429", "503"} <= set(each["responses"]) for each in operations)
    for operation in operations:
        assert operation["responses"]["422"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/ErrorResponse"
        }


def test_applications_share_nothing() -> None:
    first, second = (create_app(MODELS, ServerConfig()) for _ in range(2))

    assert first.state.models is not second.state.models
    with TestClient(first, base_url="http://localhost") as client:
        client.get("/healthz")
    with TestClient(second, base_url="http://localhost") as client:
        assert 'route="/healthz"' not in client.get("/metrics").text


@pytest.mark.exhaustive
@pytest.mark.slow
def test_answers_are_those_of_the_document() -> None:
    limits = Limits(max_tokens=8, max_samples=2, max_prompts=4, max_prompt_tokens=64, grace_s=0.0)
    app = create_app(MODELS, ServerConfig(limits=limits))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=LOCAL)
    for found in schema.get_all_operations():
        check_operation(found.ok())


def check_operation(operation: Any) -> None:
    """Send generated requests, and compare the answers with the document."""

    @given(case=operation.as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case: Any) -> None:
        response = case.call(headers=LOCAL)
        case.validate_response(response, checks=CHECKS)

    check()
