import re
from pathlib import Path

import numpy as np
import pytest
import torch

from fakes import random_text, store_of, tokenizer_of
from nextword.base import ConfigError, DataError, MismatchError
from nextword.families import NgramConfig, train_ngram
from nextword.families.ngram import estimate_ngram
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

TEXT = random_text(60, seed=5, num_words=6)
LONG_TEXT = random_text(400, num_words=40)


def nll_of(model: LanguageModel, tokenizer: Tokenizer, text: str) -> list[float]:
    target_ids = torch.from_numpy(store_of(tokenizer, text).ids.astype(np.int64))[None]
    first = torch.tensor([[model.boundary_id]])
    token_ids = torch.cat([first, target_ids[:, :-1]], dim=1)
    return model.nll(token_ids, target_ids, model.initial_state(1))[0][0].tolist()


@pytest.mark.parametrize("kind", ["word", "character", "byte", "bpe"])
@pytest.mark.parametrize("smoothing", ["kneser_ney", "add_k", "maximum_likelihood"])
def test_train_ngram_every_kind_gives_its_own_text_a_finite_score(
    kind: str, smoothing: str
) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    config = NgramConfig(order=3, smoothing=smoothing)

    model = train_ngram(store_of(tokenizer, TEXT), tokenizer, config=config)

    nll = nll_of(model, tokenizer, TEXT)
    assert np.isfinite(nll).all()
    assert np.mean(nll) < np.log(tokenizer.vocab_size - 2)


def test_train_ngram_spilling_gives_the_same_model_and_leaves_nothing(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(TEXT)
    store, config = store_of(tokenizer, TEXT), NgramConfig(order=4, prune=(0, 0, 1))

    spilled = train_ngram(
        store, tokenizer, config=config, temporary_folder=tmp_path, memory_bytes=4096
    )

    in_memory = train_ngram(store, tokenizer, config=config)
    assert spilled.fingerprint() == in_memory.fingerprint()
    assert not list(tmp_path.iterdir())


def test_train_ngram_small_text_does_not_touch_the_folder(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(TEXT)

    missing = tmp_path / "missing"
    train_ngram(
        store_of(tokenizer, TEXT), tokenizer, config=NgramConfig(), temporary_folder=missing
    )

    assert not missing.exists()


def test_train_ngram_closed_counts_unknown_and_kenlm_does_not() -> None:
    tokenizer = tokenizer_of("a b\n", closed=False)
    store = store_of(tokenizer, "a x b\n" * 9)
    nll = {}
    for unknown in ("auto", "closed", "kenlm"):
        model = train_ngram(store, tokenizer, config=NgramConfig(order=2, unknown=unknown))
        nll[unknown] = nll_of(model, tokenizer, "a x\n")[1]

    assert nll["auto"] == nll["closed"] < nll["kenlm"] < np.inf


def test_train_ngram_only_unknown_words_is_a_model_of_unknown_words() -> None:
    tokenizer = tokenizer_of("a b\n")
    model = train_ngram(store_of(tokenizer, "x y\nz\n"), tokenizer, config=NgramConfig(order=2))

    nll = nll_of(model, tokenizer, "q\na\n")

    assert nll[0] < nll[2] < np.inf


def test_train_ngram_only_unknown_characters_left_out_is_refused() -> None:
    tokenizer = tokenizer_of("ab", kind="character")
    config = NgramConfig(order=2, unknown="kenlm")

    with pytest.raises(DataError, match=re.escape("none of the 2 tokens can be counted")):
        train_ngram(store_of(tokenizer, "xy"), tokenizer, config=config)


def test_train_ngram_empty_lines_predict_line_ends() -> None:
    tokenizer = tokenizer_of("a\n")

    model = train_ngram(store_of(tokenizer, "\n\n\n"), tokenizer, config=NgramConfig(order=2))

    nll = nll_of(model, tokenizer, "\n")
    assert 0 < nll[0] < np.log(3)


def test_train_ngram_order_above_the_text_is_refused() -> None:
    tokenizer = tokenizer_of("a b\n")

    message = "model.order is 5, but the longest sentence of the text has 4 tokens"
    with pytest.raises(ConfigError, match=re.escape(message)):
        train_ngram(store_of(tokenizer, "a b\n"), tokenizer, config=NgramConfig(order=5))


def test_train_ngram_another_tokenizer_is_refused() -> None:
    store = store_of(tokenizer_of("a b\n"), "a b\n")

    with pytest.raises(MismatchError, match="the token store was encoded by another tokenizer"):
        train_ngram(store, tokenizer_of("a c\n"), config=NgramConfig(order=2))


def test_estimate_ngram_short_text_is_counted_exactly() -> None:
    tokenizer, config = tokenizer_of(LONG_TEXT), NgramConfig(order=3)
    store = store_of(tokenizer, LONG_TEXT)
    model = train_ngram(store, tokenizer, config=config)

    found = estimate_ngram(store, tokenizer, config=config)

    assert found.is_counted
    assert found.num_ngrams == model.tables.num_ngrams
    assert found.num_parameters == model.num_parameters
    assert found.model_bytes == sum(values.nbytes for values in model.tables.arrays().values())


def test_estimate_ngram_long_text_is_near_the_count() -> None:
    tokenizer, config = tokenizer_of(LONG_TEXT), NgramConfig(order=3)
    store = store_of(tokenizer, LONG_TEXT)
    model = train_ngram(store, tokenizer, config=config)

    found = estimate_ngram(store, tokenizer, config=config, sample_tokens=len(store.ids) // 2)

    assert not found.is_counted
    assert found.num_ngrams == pytest.approx(model.tables.num_ngrams, rel=0.25)
