"""The reader: a trained model with its vocabularies, for prediction."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from nextword.base import ConfigError, DataError, Values
from nextword.models import load_parameter_tensors
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.embedding import VectorEncoder
from nextword.tasks.reading.files import Item, Turn, split_passage
from nextword.tasks.reading.network import ReadingModel
from nextword.tasks.reading.parts import KIND, ReaderParts
from nextword.tasks.reading.predictor import READ_AHEAD, Answer, ReadingPredictor
from nextword.tasks.storing import load_task
from nextword.tensors import exact_copy

#: A turn as users give it: a text, a question with its answer, or both under their names.
GivenTurn = str | tuple[str, str] | Mapping[str, str]


class Reader:
    """Answers questions about passages.

    Prediction uses float64, so that neither the other questions of a batch nor padding change a
    result.

    Args:
        parts: Vocabularies and settings.
        model: The network.
        card: The model card.
        path: The model folder; None for a reader in training.
        config: The content of `config.json`.

    Example:
        `nextword.load("runs/stories").read("Anna took the cup. ...", "Where is the cup?")`
    """

    task = KIND

    def __init__(
        self,
        parts: ReaderParts,
        model: ReadingModel,
        *,
        card: str = "",
        path: Path | None = None,
        config: Values | None = None,
    ) -> None:
        self.parts = parts
        self.model = exact_copy(model)
        self.card = card
        self.path = path
        self.config = {} if config is None else config
        self._predictor = ReadingPredictor(
            parts=parts, model=self.model, batcher=parts.encoder.batcher()
        )

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def with_search(self, config: SearchConfig | None = None, *, batch_size: int = 64) -> "Reader":
        """Return a reader with the same model and other settings of prediction.

        Args:
            config: How written answers are searched for; greedily when None.
            batch_size: Largest number of questions in a batch; only the speed depends on it.

        Raises:
            ConfigError: A beam is given, but answers are not written.
        """
        config = SearchConfig() if config is None else config
        if config != SearchConfig() and self.parts.config.answer != "free":
            raise ConfigError(
                f"{self.path or 'the model'} finds each answer as a {self.parts.config.answer}, "
                "exactly; a beam is for written answers.",
                help="Leave --beam out.",
            )
        changed = copy.copy(self)
        changed._predictor = replace(self._predictor, search=config, batch_size=batch_size)
        return changed

    def read(
        self,
        passage: str | Sequence[str],
        question: str,
        *,
        history: Iterable[GivenTurn] | None = None,
        candidates: Sequence[str] = (),
    ) -> str:
        """Return the answer to a question about a passage.

        Args:
            passage: The passage, or its sentences.
            question: The question.
            history: Earlier turns of the conversation, oldest first: texts, pairs of a question and
                its answer, or mappings with the keys `question` and `answer`.
            candidates: Answers to choose from, if the reader picks candidates; the answers of the
                training data when empty.

        Raises:
            DataError: The passage or the question has no word, or a turn is malformed.
        """
        text, starts = split_passage(passage if isinstance(passage, str) else list(passage))
        item = Item(
            passage=text,
            question=question,
            history=tuple(_turn(each) for each in history or ()),
            candidates=tuple(candidates),
            starts=starts,
        )
        return next(self.read_items([item], read_ahead=1)).text

    def read_items(
        self, items: Iterable[Item], *, read_ahead: int = READ_AHEAD
    ) -> Iterator[Answer]:
        """Iterate over the answers to questions, in order and in bounded memory.

        Args:
            items: The questions.
            read_ahead: Number of questions that are read before the first answer is returned.
        """
        return self._predictor.predict(items, read_ahead=read_ahead)

    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> VectorEncoder:
        """Refuse to encode texts as vectors, which the models of other tasks do.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"{self.path or 'the model'} is a reader; vectors of texts are computed by language "
            "models, taggers and text classifiers.",
            help="Use a model of one of these.",
        )


def load_reader(path: Path, *, device: torch.device | str = "cpu") -> Reader:
    """Load a reader from its model folder or run folder.

    Args:
        path: The folder.
        device: Device of the parameters.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is damaged, or holds a model of another kind.
        MismatchError: The weights do not fit the settings.
    """
    stored = load_task(path, kind=KIND)
    parts = ReaderParts.from_stored(stored)
    model = parts.build()
    load_parameter_tensors(model, stored.tensors, source=f"{stored.path}/model.safetensors")
    return Reader(parts, model.to(device), card=stored.card, path=stored.path, config=stored.config)


def _turn(given: GivenTurn) -> Turn:
    if isinstance(given, str):
        return Turn(question=given)
    if isinstance(given, Mapping):
        if "question" in given:
            return Turn(question=given["question"], answer=given.get("answer") or "")
    elif len(given) == 2:
        return Turn(question=given[0], answer=given[1])
    raise DataError(
        f"{given!r} is not a turn of a conversation.",
        help="Give a text, or a question and its answer.",
    )
