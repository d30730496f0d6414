"""The model card of a folder for transformers."""

from exported_models import network
from nextword.interop.huggingface.export.card import huggingface_card
from nextword.interop.huggingface.export.weights import huggingface_settings
from nextword.training import write_model_card


def test_card_without_measurements_has_no_figures() -> None:
    model = network()

    card = huggingface_card(
        huggingface_settings(model.language_model), model.tokenizer, name="mine"
    )

    assert "# mine\n" in card
    assert "2 LSTM layers of 6 with a full softmax" in card
    assert "How good it is" not in card
    assert "library_name: transformers" in card


def test_card_copies_the_measurements_of_the_model() -> None:
    model = network("lstm_projected", hidden_size=8, projection_size=4)
    own = write_model_card(name="mine", config={"model": {"family": "recurrent"}}, num_parameters=3)
    own = own.replace(
        "Training is not finished; measure it with `nextword evaluate`.",
        "```text\nperplexity per token  7.06\n```",
    )

    settings = huggingface_settings(model.language_model)
    card = huggingface_card(settings, model.tokenizer, name="mine", card=own)

    assert "## How good it is\n\nMeasured by nextword when the model was trained:\n" in card
    assert "```text\nperplexity per token  7.06\n```" in card
    assert "2 LSTM layers of 8 projected to 4" in card
