"""Saving the best model of a run as a model folder."""

from collections.abc import Sequence
from pathlib import Path

from nextword.base import Values, encode
from nextword.evaluation import PerplexityCard
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.storage import RunFolder, load_model_folder, save_model
from nextword.tokens import Tokenizer
from nextword.training.config import RunConfig
from nextword.training.model_card import write_model_card


class ModelKeeper:
    """Saves the best model of a run: during training without, and after it with perplexity cards.

    Args:
        run: The run folder.
        model: The model; each call of `save` saves its current weights.
        config: The settings of the run.
        tokenizer: The model's tokenizer.
    """

    def __init__(
        self, run: RunFolder, model: LanguageModel, *, config: RunConfig, tokenizer: Tokenizer
    ) -> None:
        self._run = run
        self._model = model
        self._config = _portable(config)
        self._tokenizer = tokenizer

    def save(self, cards: Sequence[PerplexityCard] = ()) -> None:
        """Save the model with its current weights.

        Args:
            cards: Perplexity cards for the model card; none during training.
        """
        card = write_model_card(
            name=self._run.path.name,
            config=self._config,
            num_parameters=self._model.num_parameters,
            cards=cards,
        )
        save_model(
            self._run.model_folder,
            self._model,
            config=self._config,
            tokenizer=self._tokenizer,
            card=card,
        )

    def load_best(self, model: NeuralLanguageModel) -> None:
        """Load the saved weights into a model."""
        stored = load_model_folder(self._run.model_folder)
        model.load_tensors(stored.tensors, source=str(self._run.model_folder))


def _portable(config: RunConfig) -> Values:
    """Return the settings that do not depend on the machine: no paths, device or backend."""
    values = encode(config)
    del values["text"], values["training"]["device"], values["training"]["backend"]
    if config.embedding.path is not None:
        values["embedding"]["path"] = Path(config.embedding.path).name
    return values
