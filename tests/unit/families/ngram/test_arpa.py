import io
import re

import numpy as np
import pytest
import torch

from fakes import random_text, store_of, tokenizer_of, uniform_model
from nextword.base import ConfigError, DataError, FormatError
from nextword.families import NgramConfig, ngram_from_arpa, ngram_to_arpa, train_ngram
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

TEXT = random_text(60, seed=5, num_words=6)


def nll_of(model: LanguageModel, tokenizer: Tokenizer, text: str) -> list[float]:
    target_ids = torch.from_numpy(store_of(tokenizer, text).ids.astype(np.int64))[None]
    first = torch.tensor([[model.boundary_id]])
    token_ids = torch.cat([first, target_ids[:, :-1]], dim=1)
    return model.nll(token_ids, target_ids, model.initial_state(1))[0][0].tolist()


@pytest.mark.parametrize("kind", ["word", "character", "byte"])
def test_ngram_to_arpa_read_again_scores_as_the_model_that_was_written(kind: str) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    model = train_ngram(store_of(tokenizer, TEXT), tokenizer, config=NgramConfig(order=3))
    data = "".join(ngram_to_arpa(model, tokenizer)).encode()

    again, its_tokenizer = ngram_from_arpa(io.BytesIO(data), name="a.arpa")

    other = random_text(9, seed=8, num_words=8)
    assert nll_of(again, its_tokenizer, other) == nll_of(model, tokenizer, other)
    assert again.fingerprint() == model.fingerprint()


def test_ngram_from_arpa_malformed_is_refused() -> None:
    with pytest.raises(
        FormatError, match=re.escape("a.arpa, line 1: the file has no line \\data\\")
    ):
        ngram_from_arpa(io.BytesIO(b"no\n"), name="a.arpa")


def test_ngram_to_arpa_other_family_is_refused() -> None:
    tokenizer = tokenizer_of("a b\n")

    with pytest.raises(ConfigError, match="this model is of the family constant"):
        ngram_to_arpa(uniform_model(tokenizer.vocab_size), tokenizer)


def test_ngram_to_arpa_byte_pairs_are_refused_before_any_text() -> None:
    tokenizer = tokenizer_of("abab\n", kind="bpe")
    store = store_of(tokenizer, "abab\n")
    model = train_ngram(store, tokenizer, config=NgramConfig(order=2))

    with pytest.raises(DataError, match="bpe"):
        ngram_to_arpa(model, tokenizer)
