"""The network of a recipe before training, to compare it with trained ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nextword.api.model import Model
from nextword.api.training import run_config
from nextword.base import ConfigError, encode
from nextword.families import MaxEntConfig, NeuralModelConfig, decode_model_settings
from nextword.models import LanguageModel
from nextword.storage import StoredModel
from nextword.tensors import resolve_device, seed_everything
from nextword.text import Corpus
from nextword.tokens import train_tokenizer

RECIPE_PREFIX = "recipe:"


def untrained_model(
    recipe: str,
    corpus: Corpus,
    *,
    settings: Sequence[Mapping[str, object]] = (),
    max_characters: int = 1_000_000,
    device: str = "cpu",
) -> Model:
    """Return the network of a recipe with its initial weights.

    Args:
        recipe: Name of a recipe, or a TOML file.
        corpus: The text that the tokenizer is trained on.
        settings: Nested values that override the recipe; `training.seed` sets the weights.
        max_characters: The tokenizer is trained on this number of characters at most.
        device: Device of the parameters.

    Returns:
        The model with its tokenizer, in evaluation mode.

    Raises:
        ConfigError: The recipe has no network, or a setting is invalid.
        DataError: The text is empty.

    Example:
        >>> from nextword.text import text_document
        >>> document = text_document("one two three " * 9, name="example")
        >>> corpus = Corpus(description="example", open_documents=lambda: iter([document]))
        >>> untrained_model("elman", corpus).language_model.family
        'recurrent'
    """
    config = run_config(recipe=recipe, settings=settings)
    model_config = config.model
    if not isinstance(model_config, NeuralModelConfig) or isinstance(model_config, MaxEntConfig):
        raise ConfigError(
            f"the recipe {recipe} is of the family {model_config.family!r}, which counts n-grams "
            "of a text; it has no untrained model.",
            help="Name the recipe of a network, such as elman or lstm-small.",
        )
    tokenizer = train_tokenizer(config.tokenizer, _pieces(corpus, max_characters))
    spec = tokenizer.vocabulary_spec
    output = config.output.resolved(
        vocab_size=spec.vocab_size, num_positions=config.training.positions_at_once
    )
    seed_everything(config.training.seed)
    network = config.model_settings.network(spec, backend=config.training.backend)
    model = model_config.build(network).to(resolve_device(device)).eval()
    values = {"model": encode(model_config), "output": encode(output)}
    return Model(
        StoredModel(model=model, tokenizer=tokenizer, config=values, card="", path=Path(recipe))
    )


def untrained_twin(model: Model, *, seed: int = 0) -> LanguageModel:
    """Return a network of the same sizes as a loaded one, with new random weights.

    Args:
        model: A neural model that was loaded from a folder.
        seed: Seed of the weights.

    Returns:
        The network, in evaluation mode, on the device of the model.

    Raises:
        ConfigError: The model is not a network.
    """
    language_model = model.language_model
    settings = decode_model_settings(model.config, source=str(model.path))
    if not isinstance(settings.model, NeuralModelConfig):
        raise ConfigError(
            f"a model of the family {language_model.family!r} has no weights before training.",
            help="Name a neural model.",
        )
    seed_everything(seed)
    network = settings.model.build(settings.network(model.tokenizer.vocabulary_spec))
    return network.to(language_model.device).eval()


def _pieces(corpus: Corpus, max_characters: int) -> list[str]:
    pieces, left = [], max_characters
    for piece in corpus.pieces():
        pieces.append(piece if len(piece) <= left else _whole_lines(piece[:left]))
        left -= len(piece)
        if left <= 0:
            break
    return pieces


def _whole_lines(text: str) -> str:
    """Return the text up to its last line end; all of it without one."""
    return text[: text.rfind("\n") + 1] or text
