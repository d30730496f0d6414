"""Small served models, and a client of the application in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from starlette.testclient import TestClient

from fakes import network_spec, random_text, tokenizer_of
from nextword.api import Model
from nextword.families import RecurrentConfig
from nextword.serving import Limits, ServerConfig, create_app
from nextword.tokens import Tokenizer, TokenizerKind

HOST = "http://127.0.0.1:8000"
WORDS = random_text(60, num_words=12)
LETTERS = "the naïve café costs 5 € — 漢字 and 🙂🙃 again\n" * 3


def served_model(kind: TokenizerKind = "word", *, hidden_size: int = 8, seed: int = 0) -> Model:
    """An untrained LSTM with its tokenizer; its weights are large, so that tokens differ."""
    torch.manual_seed(seed)
    tokenizer = tokenizer_of(WORDS if kind == "word" else LETTERS, kind=kind)
    spec = network_spec(
        tokenizer.vocab_size, boundary_id=tokenizer.boundary_id, never_ids=tokenizer.never_ids
    )
    model = RecurrentConfig(hidden_size=hidden_size).build(spec)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0).add_(0.1 * torch.randn_like(parameter))
    return model_of(model, tokenizer)


def model_of(language_model: Any, tokenizer: Tokenizer) -> Model:
    """A model that was not loaded from a folder."""
    config = {"model": {"family": language_model.family}}
    return Model.of(language_model, tokenizer, config=config, path=Path("made"))


@contextmanager
def client_of(
    models: dict[str, Any], *, limits: dict[str, Any] | None = None, **settings: Any
) -> Iterator[TestClient]:
    """A client of an application whose engines run."""
    config = ServerConfig(limits=Limits(**{"grace_s": 1.0, **(limits or {})}), **settings)
    with TestClient(create_app(models, config), base_url=HOST) as client:
        yield client
