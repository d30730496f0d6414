"""RNN + MaxEnt against a network and features that are put together by hand."""

import logging
import math
import re
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fakes import network_spec, random_text, store_of, tokenizer_of
from naive_features import naive_additions, naive_ngrams_of
from naive_ngrams import split_sentences
from nextword.base import ConfigError, FormatError, MismatchError
from nextword.families import (
    MaxEntConfig,
    MaxEntLanguageModel,
    RecurrentConfig,
    RecurrentLanguageModel,
    RegularizationConfig,
)
from nextword.layers import OutputConfig
from nextword.recurrent import layer_backends
from nextword.tensors import autocast
from nextword.tokens import Tokenizer

TEXT = random_text(25, num_words=4)
TOKENIZER = tokenizer_of(TEXT)
SMALL = MaxEntConfig(cell="elman", hidden_size=5, order=4, table_size=200, min_count=1)
IDS = store_of(TOKENIZER, random_text(4, seed=3, num_words=4)).ids.astype("int64")


def make(
    config: MaxEntConfig = SMALL,
    *,
    tokenizer: Tokenizer = TOKENIZER,
    text: str | None = TEXT,
    output: str = "full",
    backend: str = "auto",
) -> MaxEntLanguageModel:
    torch.manual_seed(0)
    model = config.build(
        network_spec(
            vocab_size=tokenizer.vocab_size,
            boundary_id=tokenizer.boundary_id,
            never_ids=tokenizer.never_ids,
            regularization=RegularizationConfig(activation_penalty=0.5),
            output=OutputConfig(kind=output),
            backend=backend,
        )
    )
    if text is not None:
        model.count(store_of(tokenizer, text), tokenizer)
    torch.nn.init.normal_(model.features.weight)
    return model


def twin(model: MaxEntLanguageModel) -> RecurrentLanguageModel:
    """The same network alone, with the same weights."""
    alone = RecurrentConfig(cell=SMALL.cell, hidden_size=SMALL.hidden_size).build(
        network_spec(
            vocab_size=TOKENIZER.vocab_size,
            boundary_id=TOKENIZER.boundary_id,
            never_ids=TOKENIZER.never_ids,
            regularization=RegularizationConfig(activation_penalty=0.5),
            output=OutputConfig(kind="full"),
        )
    )
    alone.load_state_dict(model.network.state_dict())
    return alone


def rows() -> Tensor:
    """Two rows of a text that was not counted, the boundary first."""
    first = torch.full((2, 1), TOKENIZER.boundary_id)
    num_steps = len(IDS) // 2
    return torch.cat([first, torch.from_numpy(IDS[: 2 * num_steps]).view(2, num_steps)], dim=1)


def log_probs(model: MaxEntLanguageModel | RecurrentLanguageModel, token_ids: Tensor) -> Tensor:
    return model.next_log_probs(token_ids, model.initial_state(len(token_ids)))[0]


def additions_by_hand(model: MaxEntLanguageModel, token_ids: Tensor) -> Tensor:
    store = store_of(TOKENIZER, TEXT)
    starts = store.unit_starts("line", TOKENIZER.line_end_ids)[:-1].tolist()
    ngrams = naive_ngrams_of(
        split_sentences(store.ids.tolist(), starts),
        order=model.features.order,
        min_count=model.min_count,
    )
    added = [
        [
            naive_additions(
                ngrams,
                row[: end + 1],
                model.features.weight.tolist(),
                boundary_id=TOKENIZER.boundary_id,
                order=model.features.order,
                vocab_size=TOKENIZER.vocab_size,
            )
            for end in range(len(row))
        ]
        for row in token_ids.tolist()
    ]
    return torch.tensor(added, dtype=torch.float64)


@pytest.mark.parametrize("order", [1, 2, 4, 9])
@pytest.mark.parametrize("min_count", [1, 2])
def test_maxent_is_the_network_and_the_features_by_hand(order: int, min_count: int) -> None:
    config = replace(SMALL, order=order, min_count=min_count)
    model, token_ids = make(config).double(), rows()

    found = log_probs(model, token_ids)

    alone = log_probs(twin(model).double(), token_ids)
    expected = (alone + additions_by_hand(model, token_ids)).log_softmax(2)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("fault", ["order", "boundary", "weights"])
def test_maxent_parity_sees_a_planted_fault(fault: str) -> None:
    model, token_ids = make().double(), rows()
    expected = log_probs(model, token_ids)

    if fault == "order":
        model.features.replace(make(replace(SMALL, order=3)).features.contexts.successors())
    elif fault == "boundary":
        model.features.start_id = TOKENIZER.boundary_id
    else:
        model.features.weight.data = model.features.weight.data.roll(1)

    assert not torch.allclose(log_probs(model, token_ids), expected, rtol=1e-3)


def test_maxent_whose_table_is_zero_is_its_twin() -> None:
    model, token_ids = make(), rows()
    torch.nn.init.zeros_(model.features.weight)

    torch.testing.assert_close(log_probs(model, token_ids), log_probs(twin(model), token_ids))


def test_maxent_reads_no_text_that_forgot_to_be_counted() -> None:
    model = make(text=None)

    torch.testing.assert_close(log_probs(model, rows()), log_probs(twin(model), rows()))
    assert model.details["features"] == 0


@pytest.mark.parametrize("backend", ["reference", "hoisted", "auto"])
def test_maxent_runs_on_every_backend(backend: str) -> None:
    model = make(backend=backend)

    torch.testing.assert_close(log_probs(model, rows()), log_probs(make(), rows()))
    assert layer_backends(model) == layer_backends(model.network)


def test_maxent_in_bfloat16_predicts_about_the_same() -> None:
    model, token_ids = make(), rows()
    state = model.initial_state(2)
    exact, _ = model.nll(token_ids, token_ids.roll(-1, 1), state)

    with autocast(torch.bfloat16, torch.device("cpu")):
        rounded, _ = model.nll(token_ids, token_ids.roll(-1, 1), state)
    rounded.sum().backward()

    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, rtol=2e-2, atol=2e-2)
    assert model.features.weight.grad is not None
    assert model.features.weight.grad.dtype == torch.float32


def test_hidden_is_the_networks() -> None:
    model, token_ids = make(), rows()

    hidden, state = model.hidden(token_ids, model.initial_state(2))

    alone, _ = model.network.hidden(token_ids, model.network.initial_state(2))
    assert torch.equal(hidden, alone)
    assert state.tensors["context"].tolist() == token_ids[:, -2:].tolist()


@pytest.mark.parametrize("lengths", [None, [3, 1]])
def test_nll_gradients_are_those_of_the_whole_distribution(lengths: list[int] | None) -> None:
    token_ids = rows()[:, :5]
    target_ids = torch.full_like(token_ids, TOKENIZER.unknown_id)
    counts = None if lengths is None else torch.tensor(lengths)
    found = []
    for score in ("nll", "next_log_probs"):
        model = make().double()
        state = model.initial_state(2)
        if score == "nll":
            nll, _ = model.nll(token_ids, target_ids, state, counts)
        else:
            scores = model.next_log_probs(token_ids, state)[0]
            nll = -scores[:, :, TOKENIZER.unknown_id]
            if counts is not None:
                nll = nll * (torch.arange(5) < counts[:, None])
        nll.sum().backward()
        found.append({n: p.grad.to_dense() for n, p in model.named_parameters()})

    for name, gradient in found[0].items():
        torch.testing.assert_close(gradient, found[1][name], rtol=1e-9, atol=1e-12)


def test_count_says_how_many_features_share_a_weight(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        model = make()

    details = model.details
    assert details["features"] == sum(map(len, model.features.contexts.successors().keys))
    assert details["table_size"] == 200
    assert 0 < details["features_sharing_a_weight"] <= details["features"]
    share = 100 * details["features_sharing_a_weight"] / details["features"]
    assert f"{details['features']} n-gram features up to order 4" in caplog.text
    assert f"in a table of size 200; {share:.1f} % share a weight" in caplog.text


def test_count_starts_the_bias_at_what_words_cost_by_themselves() -> None:
    bias = make(text="w0 w1 w1 w2\n").output.bias

    assert bias.exp().sum().item() == pytest.approx(1.0)
    w0, w1, w2, w3 = (int(TOKENIZER.encode(f"w{i}").ids[0]) for i in range(4))
    # Five tokens, the line end among them, and one more of each id.
    num_tokens = 5 + TOKENIZER.vocab_size
    shares = {w0: 2, w1: 3, w2: 2, w3: 1, TOKENIZER.sentence_end_id: 2}
    for token_id, count in shares.items():
        assert bias[token_id].item() == pytest.approx(math.log(count / num_tokens))


def test_count_leaves_a_bias_that_was_trained() -> None:
    model = make(text=None)
    torch.nn.init.ones_(model.output.bias)

    model.count(store_of(TOKENIZER, TEXT), TOKENIZER)

    assert model.output.bias.tolist() == [1.0] * TOKENIZER.vocab_size


def test_count_adds_to_the_features_there_were() -> None:
    one, both = make(text="w0 w1 w2\n"), make(text="w0 w1 w2\nw3 w3 w0\n")

    one.count(store_of(TOKENIZER, "w3 w3 w0\n"), TOKENIZER)

    found, expected = (each.features.contexts.successors().keys for each in (one, both))
    assert [keys.tolist() for keys in found] == [keys.tolist() for keys in expected]


def test_count_sentences_shorter_than_the_order_are_taken() -> None:
    model = make(replace(SMALL, order=9), text="w0\nw1 w2\n")

    keys = model.features.contexts.successors().keys
    assert [len(part) for part in keys] == [5, 3, 1, 0, 0, 0, 0, 0]


def test_count_text_of_another_tokenizer_is_refused() -> None:
    other = tokenizer_of("another text\n")

    with pytest.raises(MismatchError, match="the token store was encoded by another tokenizer"):
        make().count(store_of(other, "another text\n"), TOKENIZER)


def test_count_characters_reach_over_line_ends() -> None:
    tokenizer = tokenizer_of(TEXT, kind="character")

    model = make(tokenizer=tokenizer, text="w0\nw1\n")

    line_end = int(tokenizer.encode("\n").ids[0])
    bigrams = model.features.contexts.of(2)
    assert line_end in (bigrams // tokenizer.vocab_size).tolist()


def test_fingerprint_changes_when_the_ngrams_are_replaced() -> None:
    model = make(text="w0 w1\n")
    before = model.fingerprint()

    model.features.replace(make(text="w1 w0\n").features.contexts.successors())
    between = model.fingerprint()
    model.features.replace(make(text="w0 w1\n").features.contexts.successors())

    assert between != before
    assert model.fingerprint() == before


def test_fingerprint_is_of_the_features_too() -> None:
    assert make().fingerprint() == make().fingerprint()
    assert make(text="w0 w1\n").fingerprint() != make(text="w1 w0\n").fingerprint()


def test_load_tensors_gives_the_same_model_back() -> None:
    model, other = make(), make(text=None)

    other.load_tensors(model.tensors(), source="file")

    assert other.fingerprint() == model.fingerprint()
    assert torch.equal(log_probs(other, rows()), log_probs(model, rows()))


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("features.lists.keys.3", FormatError, "keys.3 is missing or unexpected for order 4"),
        ("features.weight", MismatchError, "missing or unexpected: features.weight"),
    ],
)
def test_load_tensors_that_lack_something_are_refused(
    name: str, kind: type[Exception], message: str
) -> None:
    tensors = {n: each for n, each in make().tensors().items() if n != name}

    with pytest.raises(kind, match=re.escape(message)):
        make().load_tensors(tensors, source="file")


@pytest.mark.parametrize("kind", ["chunked", "adaptive", "sampled"])
def test_maxent_output_that_never_makes_all_scores_is_refused(kind: str) -> None:
    output = OutputConfig(kind=kind, num_samples=2)

    with pytest.raises(ConfigError, match=rf"n-gram features .* {kind.title()}Softmax") as refused:
        replace(SMALL, hidden_size=20, table_size=400).build(
            network_spec(
                vocab_size=400,
                boundary_id=3,
                never_ids=(0, 2),
                regularization=RegularizationConfig(),
                output=output,
            )
        )

    assert refused.value.help == "Set output.kind=full."
