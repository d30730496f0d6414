"""Training a reader: its files, vocabularies and model, as a run needs them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nextword.base import ConfigError, DataError
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import RunFolder, read_model_config, task_kind
from nextword.tasks.decoding import Symbols, TargetLengths
from nextword.tasks.reading.config import ReadingRunConfig
from nextword.tasks.reading.data import ReadingData, answer_spans
from nextword.tasks.reading.encoded import item_words
from nextword.tasks.reading.evaluation import ReadingScores, evaluate_reader
from nextword.tasks.reading.files import Item, read_items
from nextword.tasks.reading.network import ReadingModel
from nextword.tasks.reading.objective import ReadingObjective
from nextword.tasks.reading.parts import ReaderParts
from nextword.tasks.reading.reader import Reader, load_reader
from nextword.tasks.reading.scoring import Baselines
from nextword.tasks.reading.words import split_words
from nextword.tasks.running import (
    ENCODER_ARCHITECTURE,
    SectionPair,
    TaskJob,
    TaskResult,
    new_encoder_parts,
    portable,
    read_examples,
    refuse_other_architecture,
    run_task,
    split_off,
    start_word_vectors,
    with_vocabulary_of,
)
from nextword.tasks.storing import StoredTask
from nextword.tensors import resolve_device
from nextword.training import Callback, ProgressCallback, Validation
from nextword.training.data import TextAccess

#: Settings of `reading.*` and `decoder.*` that the shapes of the weights depend on.
_READING_ARCHITECTURE = ("answer", "hops", "reread", "attention", "attention_size")
_DECODER_ARCHITECTURE = (
    "cell",
    "num_layers",
    "hidden_size",
    "projection_size",
    "embedding_size",
    "attention",
    "attention_size",
    "location_width",
    "input_feeding",
    "copy",
)


def train_reader(
    config: ReadingRunConfig,
    out: Path,
    *,
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
) -> TaskResult:
    """Train a reader in a run folder, or resume a run; see `run_task`."""
    return run_task(
        config,
        out,
        prepare=prepare_reading,
        resume=resume,
        callbacks=callbacks,
        on_progress=on_progress,
    )


def prepare_reading(
    config: ReadingRunConfig,
    access: TextAccess,
    *,
    on_progress: ProgressCallback | None = None,
) -> "ReadingJob":
    """Read the files of a run and build the model.

    Args:
        config: The settings.
        access: How files are opened.
        on_progress: Called with (stage, done, total) while files are read.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
        DataError: A file cannot be read, is empty, or has a question without an answer.
    """
    files = read_examples(
        config.text, access, read=read_items, unit="questions", on_progress=on_progress
    )
    train, valid = files["train"], files["valid"]
    if not train:
        raise DataError("no training question has an answer.")
    if not config.text.valid:
        train, valid = split_off(train, config, unit="questions")
    parts, model = _starting_model(config, train, access)
    data = ReadingData(train, parts, max_length=config.training.max_length)
    model.to(resolve_device(config.training.device))
    return ReadingJob(config, parts, model=model, data=data, valid=valid, test=files["test"])


def _starting_model(
    config: ReadingRunConfig, train: Sequence[Item], access: TextAccess
) -> tuple[ReaderParts, ReadingModel]:
    """Return what the reader is built from, and the network on the CPU."""
    init = None if config.text.init is None else access.located(config.text.init)
    if init is not None and task_kind(read_model_config(Path(init))) is not None:
        return _from_reader(config, train, init)
    encoder = new_encoder_parts(
        config.encoder, (item_words(item) for item in train), access=access, init=init
    )
    kind, symbols = config.reading.answer, None
    if kind == "free":
        symbols = _symbols(config, train)
    parts = ReaderParts(
        encoder=encoder,
        config=config.reading,
        max_answer_words=config.reading.max_answer_words or _longest_span(config, train),
        answers=_answer_vocabulary(train) if kind == "candidate" else (),
        symbols=symbols,
        decoder=config.decoder,
        lengths=_lengths(train, symbols),
        baselines=Baselines.of(train),
    )
    model = parts.build(backend=config.training.backend)
    start_word_vectors(model.encoder, encoder, access=access)
    return parts, model


def _from_reader(
    config: ReadingRunConfig, train: Sequence[Item], init: str
) -> tuple[ReaderParts, ReadingModel]:
    """Return a reader with the vocabularies and weights of another one."""
    stored = load_reader(Path(init))
    here, there = config.reading, stored.parts.config
    sections = {
        "encoder": SectionPair(
            here=config.encoder,
            stored=stored.parts.encoder.config,
            keys=ENCODER_ARCHITECTURE,
        ),
        "reading": SectionPair(here=here, stored=there, keys=_READING_ARCHITECTURE),
    }
    if here.answer == "free":
        sections["decoder"] = SectionPair(
            here=config.decoder, stored=stored.parts.decoder, keys=_DECODER_ARCHITECTURE
        )
    refuse_other_architecture(sections, init=init)
    encoder = replace(
        stored.parts.encoder,
        config=with_vocabulary_of(config.encoder, stored.parts.encoder.config),
    )
    parts = replace(stored.parts, encoder=encoder, config=here, baselines=Baselines.of(train))
    model = parts.build(backend=config.training.backend)
    tensors = {name: each.float() for name, each in parameter_tensors(stored.model).items()}
    load_parameter_tensors(model, tensors, source=init)
    if config.encoder.freeze_vectors:
        model.encoder.freeze_words()
    return parts, model


def _symbols(config: ReadingRunConfig, train: Sequence[Item]) -> Symbols:
    """Learn the symbols of written answers."""
    if config.decoder.init is not None:
        raise ConfigError(
            f"decoder.init is {config.decoder.init!r}, but the decoder of a reader starts from "
            "random weights.",
            help="Leave decoder.init out.",
        )
    if config.decoder.copy and config.target.kind not in ("word", "symbol"):
        raise ConfigError(
            f"decoder.copy is true and target.kind is {config.target.kind!r}; only whole words of "
            "a passage can be copied.",
            help="Set decoder.copy=false, or target.kind=word.",
        )
    for item in train:
        for reference in item.references:
            config.target.check(reference, place=item.place)
    return Symbols.learn(config.target, (each for item in train for each in item.references))


def _lengths(train: Sequence[Item], symbols: Symbols | None) -> TargetLengths:
    if symbols is None:
        return TargetLengths(longest=1, ratio=0.0)
    longest = max(len(symbols.encode(each)) for item in train for each in item.references)
    return TargetLengths(longest=longest, ratio=0.0)


def _longest_span(config: ReadingRunConfig, train: Sequence[Item]) -> int:
    """Return the number of words of the longest answer that is a span of its passage."""
    if config.reading.answer != "span":
        return 1
    spans = (span for item in train for span in answer_spans(item, split_words(item.passage)))
    return max((last - first + 1 for first, last in spans), default=1)


def _answer_vocabulary(train: Sequence[Item]) -> tuple[str, ...]:
    """Return the answers to questions without candidates, most frequent first."""
    counts = Counter(item.references[0] for item in train if not item.candidates)
    return tuple(answer for answer, _ in counts.most_common())


class ReadingJob(TaskJob):
    """A reader in training.

    Args:
        config: The settings.
        parts: Vocabularies and settings of the reader.
        model: The network, on its device.
        data: The training questions.
        valid: The validation questions.
        test: The test questions; empty for none.
    """

    model: ReadingModel

    def __init__(
        self,
        config: ReadingRunConfig,
        parts: ReaderParts,
        *,
        model: ReadingModel,
        data: ReadingData,
        valid: Sequence[Item],
        test: Sequence[Item],
    ) -> None:
        self._config = config
        self._parts = parts
        self._items = {"valid": valid, "test": test}
        self.model = model
        self.objective = ReadingObjective(
            model,
            data,
            config=config.training,
            supporting_weight=config.reading.supporting_weight,
            validate=self._validate,
        )

    def stored(self, *, card: str) -> StoredTask:
        """Return the model with its current weights, for its model folder."""
        return self._parts.stored(self.model, config=portable(self._config), card=card)

    def measure(self, part: str) -> ReadingScores | None:
        """Return the scores on `valid` or `test`; None without such questions."""
        items = self._items[part]
        if not items:
            return None
        reader = Reader(self._parts, self.model).with_search(
            batch_size=self._config.evaluation.batch_size
        )
        return evaluate_reader(reader, items)

    def _validate(self) -> Validation:
        scores = self.measure("valid")
        assert scores is not None  # a share of the training data if no file is named
        return Validation(
            value=scores.exact_match,
            higher_is_better=True,
            figures={"exact_match": scores.exact_match, "f1": scores.f1},
            headline="exact_match",
        )

    @property
    def usage(self) -> str:
        """Python code that uses the model, for the model card."""
        items = self._items["valid"]
        passage, question = "A passage.", "A question?"
        if items:
            passage, question = items[0].passage, items[0].question
        return (
            "import nextword\n\n"
            'reader = nextword.load("PATH OF THIS FOLDER")\n'
            f"passage = {passage!r}\n"
            f"print(reader.read(passage, {question!r}))"
        )
