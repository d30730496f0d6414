"""Training a transducer: its files, symbols and model, as a run needs them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from nextword.base import ConfigError, MismatchError
from nextword.models import load_parameter_tensors, parameter_tensors
from nextword.storage import RunFolder, load_model
from nextword.tasks.decoding import Symbols, TargetLengths
from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.running import (
    TaskJob,
    TaskResult,
    portable,
    read_examples,
    run_task,
    split_off,
)
from nextword.tasks.storing import StoredTask
from nextword.tasks.transduction.config import TransductionRunConfig
from nextword.tasks.transduction.data import PairData
from nextword.tasks.transduction.evaluation import TransductionScores, evaluate_transducer
from nextword.tasks.transduction.files import Pair, read_pairs
from nextword.tasks.transduction.network import EncoderDecoder, TransducerParts
from nextword.tasks.transduction.objective import TransductionObjective
from nextword.tasks.transduction.starting import start_decoder, start_encoder
from nextword.tasks.transduction.transducer import Transducer, load_transducer
from nextword.tensors import resolve_device
from nextword.training import Callback, ProgressCallback, Validation
from nextword.training.data import TextAccess

#: Settings that contain file names, besides those of every task.
_PATHS = (
    ("text", "train"),
    ("text", "valid"),
    ("text", "test"),
    ("text", "init"),
    ("encoder", "init"),
    ("decoder", "init"),
)


def train_transducer(
    config: TransductionRunConfig,
    out: Path,
    *,
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_progress: ProgressCallback | None = None,
) -> TaskResult:
    """Train a transducer in a run folder, or resume a run; see `run_task`."""
    return run_task(
        config,
        out,
        prepare=prepare_transduction,
        resume=resume,
        callbacks=callbacks,
        on_progress=on_progress,
        paths=_PATHS,
    )


def prepare_transduction(
    config: TransductionRunConfig,
    access: TextAccess,
    *,
    on_progress: ProgressCallback | None = None,
) -> "TransductionJob":
    """Read the files of a run and build the model.

    Args:
        config: The settings.
        access: How files are opened.
        on_progress: Called with (stage, done, total) while files are read.

    Raises:
        ConfigError: A setting does not fit the data or the model to start from.
        DataError: A file cannot be read, is empty, or has a source without a target.
    """
    parts = read_examples(
        config.text, access, read=read_pairs, unit="pairs", on_progress=on_progress
    )
    train, valid = parts["train"], parts["valid"]
    if not config.text.valid:
        train, valid = split_off(train, config, unit="pairs")
    start = None
    if config.text.init is not None:
        start = load_transducer(Path(access.located(config.text.init)))
    source, target = _symbols(config, train, start)
    data = PairData(train, source=source, target=target, max_length=config.training.max_length)
    lengths = TargetLengths(longest=data.longest_target, ratio=data.length_ratio)
    ready = TransducerParts(
        source=source,
        target=target,
        encoder=config.encoder,
        decoder=config.decoder,
        config=config.transduction,
        lengths=lengths,
    )
    model = _model(config, ready, access, start)
    return TransductionJob(config, ready, model=model, data=data, valid=valid, test=parts["test"])


def _symbols(
    config: TransductionRunConfig, train: Sequence[Pair], start: Transducer | None
) -> tuple[Symbols, Symbols]:
    """Learn the symbols of both sides, or take those of the model to start from."""
    if start is not None:
        return start.parts.source, start.parts.target
    for pair in train:
        config.source.check(pair.source, place=pair.place)
        for reference in pair.references:
            config.target.check(reference, place=pair.place)
    references = (reference for pair in train for reference in pair.references)
    return (
        Symbols.learn(config.source, (pair.source for pair in train)),
        Symbols.learn(config.target, references),
    )


def _model(
    config: TransductionRunConfig,
    parts: TransducerParts,
    access: TextAccess,
    start: Transducer | None,
) -> EncoderDecoder:
    """Build the network, on its device, with the weights to start from."""
    model = parts.build(backend=config.training.backend)
    if start is not None:
        _copy_weights(start, model, name=str(config.text.init))
    if config.encoder.init is not None:
        stored = load_model(Path(access.located(config.encoder.init)))
        start_encoder(model.encoder, stored, symbols=parts.source)
    if config.decoder.init is not None:
        stored = load_model(Path(access.located(config.decoder.init)))
        start_decoder(model.decoder, stored, symbols=parts.target)
    return model.to(resolve_device(config.training.device))


def _copy_weights(start: Transducer, model: EncoderDecoder, *, name: str) -> None:
    tensors = {key: value.float() for key, value in parameter_tensors(start.models[0]).items()}
    try:
        load_parameter_tensors(model, tensors, source=name)
    except MismatchError as error:
        raise ConfigError(
            f"the weights of {name} do not fit the settings: {error.message}",
            help="Use the sections encoder and decoder of its config.json.",
        ) from error


class TransductionJob(TaskJob):
    """A transducer in training.

    Args:
        config: The settings.
        parts: Vocabularies and settings of the transducer.
        model: The network, on its device.
        data: The training pairs.
        valid: The validation pairs.
        test: The test pairs; empty for none.
    """

    model: EncoderDecoder

    def __init__(
        self,
        config: TransductionRunConfig,
        parts: TransducerParts,
        *,
        model: EncoderDecoder,
        data: PairData,
        valid: Sequence[Pair],
        test: Sequence[Pair],
    ) -> None:
        self._config = config
        self._parts = parts
        self._pairs = {"valid": valid, "test": test}
        self.model = model
        self.objective = TransductionObjective(
            model,
            data,
            config=config.training,
            transduction=config.transduction,
            validate=self._validate,
        )

    def stored(self, *, card: str) -> StoredTask:
        """Return the model with its current weights, for its model folder."""
        return self._parts.stored(self.model, config=portable(self._config), card=card)

    def measure(self, part: str) -> TransductionScores | None:
        """Return the scores of greedy search on `valid` or `test`; None without such pairs."""
        pairs = self._pairs[part]
        if not pairs:
            return None
        transducer = Transducer(self._parts, [self.model]).with_search(
            SearchConfig(), batch_size=self._config.evaluation.batch_size
        )
        return evaluate_transducer(transducer, pairs)

    def _validate(self) -> Validation:
        scores = self.measure("valid")
        assert scores is not None  # a share of the training data if no file is named
        return Validation(
            value=scores.exact_match,
            higher_is_better=True,
            figures={
                "exact_match": scores.exact_match,
                "error_rate": scores.error_rate,
                "f1": scores.f1,
            },
            headline="exact_match",
        )

    @property
    def usage(self) -> str:
        """Python code that uses the model, for the model card."""
        pairs = self._pairs["valid"]
        example = pairs[0].source if pairs else "a source"
        return (
            "import nextword\n\n"
            'transducer = nextword.load("PATH OF THIS FOLDER")\n'
            f"print(transducer.transduce({example!r}))"
        )
