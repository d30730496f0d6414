import numpy as np
import pytest
import torch

from families import CASES
from nextword.base import ConfigError, DataError, DivergedError
from nextword.models import NeuralLanguageModel, model_trace
from nextword.tasks.embedding import LanguageModelVectors
from nextword.tasks.embedding import language_model as tested

LSTM = "lstm-2-untied"
#: One case of each kind of layers.
NEURAL = (
    *(LSTM, "lstm-one-hot", "lstm-adaptive-tied", "gru-residual", "elman-tanh-1-tied"),
    *("min-lstm-2-tied", "maxent-lstm-3", "convolutional-mean-2", "window-3-untied"),
    *("transformer-2", "transformer-character"),
)
TEXTS = ["w1 w2 w3", "", "w4", "w0 w1 " * 9, "w2 w3"]


def encoder_of(name: str = LSTM, **options: object) -> LanguageModelVectors:
    case = CASES[name]
    return LanguageModelVectors(case.build(0), case.tokenizer, name=name, **options)  # type: ignore[arg-type]


def hidden_of(name: str, text: str) -> torch.Tensor:
    """Hidden states of a text read at once, boundary included, (time, size)."""
    case = CASES[name]
    model = case.build(0)
    assert isinstance(model, NeuralLanguageModel)
    ids = [model.boundary_id, *case.tokenizer.encode(text).ids.tolist()]
    with torch.no_grad():
        hidden, _ = model.eval().hidden(torch.tensor([ids]), model.initial_state(1))
    return hidden[0]


@pytest.mark.parametrize("name", NEURAL)
def test_vectors_do_not_depend_on_batches(name: str) -> None:
    together = encoder_of(name, batch_size=5).encode(TEXTS)
    alone = encoder_of(name, batch_size=1).encode(TEXTS)

    scale = max(1.0, float(np.abs(alone).max()))
    np.testing.assert_allclose(together, alone, atol=1e-6 * scale, rtol=0)


@pytest.mark.parametrize("layer", [0, 1, -1])
@pytest.mark.parametrize("name", NEURAL)
def test_vectors_in_chunks_equal_those_of_one_pass(
    name: str, layer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = encoder_of(name, layer=layer).encode(TEXTS)
    monkeypatch.setattr(tested, "_CHUNK_STEPS", 2)

    chunked = encoder_of(name, layer=layer).encode(TEXTS)

    scale = max(1.0, float(np.abs(whole).max()))
    np.testing.assert_allclose(chunked, whole, atol=2e-6 * scale, rtol=0)


def test_mean_covers_the_tokens_and_not_the_boundary() -> None:
    [vector] = encoder_of(pooling="mean").encode(["w1 w2 w3"])

    expected = hidden_of(LSTM, "w1 w2 w3")[1:].mean(0)
    np.testing.assert_allclose(vector, expected, atol=1e-6)


def test_last_is_the_state_after_the_last_token() -> None:
    [vector] = encoder_of(pooling="last").encode(["w1 w2 w3"])

    np.testing.assert_allclose(vector, hidden_of(LSTM, "w1 w2 w3")[-1], atol=1e-6)


def test_lower_layer_equals_the_trace() -> None:
    case = CASES[LSTM]
    model = case.build(0)
    assert isinstance(model, NeuralLanguageModel)
    ids = torch.tensor([[model.boundary_id, *case.tokenizer.encode("w1 w2").ids.tolist()]])
    trace = model_trace(model.eval(), ids)

    vectors = {
        layer: encoder_of(layer=layer, pooling="last").encode(["w1 w2"])[0] for layer in (0, 1)
    }

    np.testing.assert_allclose(vectors[0], trace.embeddings[0, -1].detach(), atol=1e-6)
    np.testing.assert_allclose(vectors[1], trace.layers[0].outputs[0, -1].detach(), atol=1e-6)


def test_highest_layer_has_two_numbers() -> None:
    num_layers = len(model_trace(CASES[LSTM].build(0), torch.tensor([[1]])).layers)

    np.testing.assert_array_equal(
        encoder_of(layer=num_layers).encode(["w1"]), encoder_of(layer=-1).encode(["w1"])
    )


def test_text_without_tokens_gets_zeros_and_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        vectors = encoder_of().encode(["w1", "", "  "])

    assert not vectors[1:].any()
    assert vectors[0].any()
    assert "texts without tokens: 2" in caplog.text


def test_newline_at_the_end_is_not_read() -> None:
    first, second = encoder_of(pooling="last").encode(["w1 w2", "w1 w2\n"])

    np.testing.assert_array_equal(first, second)


def test_no_texts_give_an_empty_array_of_the_size() -> None:
    encoder = encoder_of()

    assert encoder.encode([]).shape == (0, encoder.size)


def test_dropout_is_off() -> None:
    case = CASES[LSTM]
    model = case.build(0)
    assert isinstance(model, NeuralLanguageModel)
    encoder = LanguageModelVectors(model.train(), case.tokenizer, name=LSTM)

    np.testing.assert_array_equal(encoder.encode(["w1 w2"]), encoder.encode(["w1 w2"]))
    assert model.training


def test_layer_out_of_range_names_the_layers() -> None:
    with pytest.raises(
        ConfigError, match=r"layer is 9, but lstm-2-untied has the layers 0 \(embeddings\) to"
    ):
        encoder_of(layer=9)


def test_ngram_model_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match="counts of n-grams and has no hidden states"):
        encoder_of("ngram-2-kneser_ney")


def test_single_string_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"string 'w1 w2'.*encode\(\[text\]\)"):
        encoder_of().encode("w1 w2")


def test_text_of_another_type_is_refused_with_its_number() -> None:
    with pytest.raises(DataError, match="text 2 is of type float"):
        encoder_of().encode(iter(["w1", 2.0]))  # type: ignore[list-item]


def test_vector_that_is_not_finite_is_refused_with_the_line() -> None:
    case = CASES[LSTM]
    model = case.build(0)
    assert isinstance(model, NeuralLanguageModel)
    encoder = LanguageModelVectors(model, case.tokenizer, name="runs/lm")
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)

    with pytest.raises(
        DivergedError, match="runs/lm returns values that are not finite for line 1"
    ):
        encoder.encode(["w1"])
