"""The library in a few names: load a model, use it, train one.

The command line and every other front door call what is here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from torch import Tensor

from nextword.base import Values, decode, merge, read_toml
from nextword.evaluation import (
    DEFAULT_BATCH_SIZE,
    LineScore,
    PerplexityCard,
    UnitScore,
    evaluate,
    per_line_scores,
    unit_scores,
)
from nextword.generation import (
    Sample,
    SamplingConfig,
    TextPiece,
    complete_word,
    generate_text,
    next_tokens,
)
from nextword.models import (
    LanguageModel,
    NeuralLanguageModel,
    RecurrentConfig,
    RegularizationConfig,
    ngram_from_arrays,
)
from nextword.storage import Family, RunFolder, StoredModel, load_model, neural_family
from nextword.tensors import resolve_device
from nextword.text import ByteStream, Corpus, open_corpus, text_document
from nextword.tokens import Reset, Tokenizer, TokenStore, build_store
from nextword.training import (
    Callback,
    Plan,
    RunConfig,
    RunResult,
    StageProgress,
    plan_training,
    read_recipe,
    run_training,
)

DEFAULT_RECIPE = "lstm-small"


def build_recurrent(config: Values, tokenizer: Tokenizer) -> NeuralLanguageModel:
    """Build a recurrent model from the settings of a run or a model folder."""
    model = decode(RecurrentConfig, config["model"], source="model")
    regularization = decode(
        RegularizationConfig, config.get("regularization", {}), source="regularization"
    )
    return model.build(
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        never_ids=tokenizer.never_ids,
        regularization=regularization,
        backend=config.get("training", {}).get("backend", "auto"),
    )


def load_ngram(
    config: Values, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], source: str
) -> LanguageModel:
    """Put an n-gram model together from its tables."""
    return ngram_from_arrays(
        {name: tensor.numpy() for name, tensor in tensors.items()},
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        start_id=tokenizer.sentence_start_id,
        never_ids=tokenizer.never_ids,
        source=source,
    )


#: Every family by name; the one place a new one is entered.
FAMILIES: Mapping[str, Family] = {
    "recurrent": neural_family(build_recurrent),
    "ngram": Family(load=load_ngram),
}


class Model:
    """A trained language model with its tokenizer, ready to use on text.

    Args:
        stored: What `load_model` gave.

    Attributes:
        language_model: Speaks token ids; see `LanguageModel`.
        tokenizer: Turns text into ids and back.
        config: The settings it was trained with.
        card: Its model card, Markdown.
        folder: Where it lies.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.language_model: LanguageModel = stored.model
        self.tokenizer = stored.tokenizer
        self.config = stored.config
        self.card = stored.card
        self.folder = stored.folder

    @property
    def reset(self) -> Reset:
        """Where reading starts afresh, as it was trained."""
        reset: Reset = self.config.get("training", {}).get("reset", "never")
        return reset

    def evaluate(
        self,
        text: str | Sequence[str] | Corpus,
        *,
        reset: Reset | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        chunk_length: int | None = None,
        name: str | None = None,
        on_stage: StageProgress | None = None,
    ) -> PerplexityCard:
        """Give the perplexity card on texts named as on the command line.

        Args:
            text: Files, folders, globs, `stdlib:`; or an opened corpus.
            reset: Where the state is forgotten; as trained when None.
            batch_size: Units scored side by side; no figure but the speed depends on it.
            chunk_length: Steps at a time; as above.
            name: What the card calls the model; its folder when None.
            on_stage: Is told of encoding and scoring, with the tokens done so far.
        """
        corpus = _opened(text)
        name = str(self.folder) if name is None else name
        return evaluate(
            self.language_model,
            self._encoded(corpus, on_stage),
            tokenizer=self.tokenizer,
            name=name,
            text=corpus.description,
            reset=self.reset if reset is None else reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
            on_progress=None if on_stage is None else partial(on_stage, f"measuring {name}"),
        )

    def unit_scores(
        self,
        text: str | Sequence[str] | Corpus,
        *,
        reset: Reset = "line",
        batch_size: int = DEFAULT_BATCH_SIZE,
        chunk_length: int | None = None,
    ) -> Iterator[UnitScore]:
        """Give the sums of every line (or document) of a text, in order."""
        return unit_scores(
            self.language_model,
            self._encoded(_opened(text)),
            tokenizer=self.tokenizer,
            reset=reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
        )

    def perplexity(self, text: str, *, reset: Reset | None = None) -> float:
        """Give the perplexity per token of a text given as a string."""
        document = text_document(text, name="text")
        corpus = Corpus(description="text", open_documents=lambda: iter([document]))
        return self.evaluate(corpus, reset=reset).perplexity

    def next_words(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Give the most probable next tokens after a context, with their probabilities."""
        return next_tokens(self.language_model, self.tokenizer, context=context, k=k)

    def complete_word(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Give the words most likely meant by the partial word that a context ends in."""
        return complete_word(self.language_model, self.tokenizer, context=context, k=k)

    def generate(
        self,
        prompt: str = "",
        *,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: Sequence[str] = (),
        seed: int = 0,
    ) -> str:
        """Continue a prompt and give the text that follows it; see `SamplingConfig`."""
        sampling = SamplingConfig(
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
        )
        [sample] = self.samples(
            prompt, max_tokens=max_tokens, sampling=sampling, stop=stop, seed=seed
        )
        return sample.text

    def samples(
        self,
        prompt: str = "",
        *,
        num_samples: int = 1,
        max_tokens: int = 100,
        sampling: SamplingConfig | None = None,
        stop: Sequence[str] = (),
        seed: int = 0,
    ) -> list[Sample]:
        """Give several continuations of a prompt; sample k is the same however many there are."""
        results: dict[int, Sample] = {}
        for piece in self.stream(
            prompt,
            num_samples=num_samples,
            max_tokens=max_tokens,
            sampling=sampling,
            stop=stop,
            seed=seed,
        ):
            if piece.result is not None:
                results[piece.sample] = piece.result
        return [results[number] for number in range(num_samples)]

    def stream(
        self,
        prompt: str = "",
        *,
        num_samples: int = 1,
        max_tokens: int = 100,
        sampling: SamplingConfig | None = None,
        stop: Sequence[str] = (),
        seed: int = 0,
    ) -> Iterator[TextPiece]:
        """Continue a prompt, giving text as it is made."""
        return generate_text(
            self.language_model,
            self.tokenizer,
            prompt=prompt,
            max_tokens=max_tokens,
            stop=stop,
            config=sampling,
            num_samples=num_samples,
            seed=seed,
        )

    def score(
        self, lines: Sequence[str], *, batch_size: int = DEFAULT_BATCH_SIZE
    ) -> list[LineScore]:
        """Give the log-probability of each line, its end included, nats."""
        return list(self.stream_scores(lines, batch_size=batch_size))

    def stream_scores(
        self, lines: Iterator[str] | Sequence[str], *, batch_size: int = DEFAULT_BATCH_SIZE
    ) -> Iterator[LineScore]:
        """Score lines as they come."""
        return per_line_scores(
            self.language_model, lines, tokenizer=self.tokenizer, batch_size=batch_size
        )

    def _encoded(self, corpus: Corpus, on_stage: StageProgress | None = None) -> TokenStore:
        told = None if on_stage is None else partial(on_stage, "encoding the text")
        return build_store(corpus, self.tokenizer, folder=None, on_progress=told)


def load(path: str | Path, *, device: str = "cpu") -> Model:
    """Load a model from a model folder or a run folder.

    Raises:
        CheckpointError: There is no such folder, or it holds no sound model.
    """
    return Model(load_model(Path(path), families=FAMILIES, device=resolve_device(device)))


def run_config(
    text: str | Sequence[str] = (),
    *,
    recipe: str | None = None,
    settings: Sequence[Mapping[str, object]] = (),
    saved: Values | None = None,
) -> RunConfig:
    """Resolve the settings of a training: recipe, then what is set on top, in order.

    Args:
        text: Training texts.
        recipe: Name or TOML file; the default recipe when None and nothing is saved.
        settings: Nested values, later ones win.
        saved: The settings of a run to go on with.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    if recipe is not None:
        base = read_recipe(recipe)
    else:
        base = saved if saved is not None else read_recipe(DEFAULT_RECIPE)
    texts = (text,) if isinstance(text, str) else tuple(text)
    named: Values = {"text": {"train": texts}} if texts else {}
    return decode(RunConfig, merge(base, named, *settings), source="settings")


def train(
    text: str | Sequence[str] = (),
    *,
    out: str | Path,
    recipe: str | None = None,
    settings: Mapping[str, object] | Sequence[Mapping[str, object]] = (),
    resume: str = "never",
    callbacks: Callable[[RunFolder], Sequence[Callback]] | None = None,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> RunResult:
    """Train a model into a run folder.

    Args:
        text: Training texts, named as on the command line; may be left out when going on.
        out: The run folder.
        recipe: Name of a recipe or a TOML file.
        settings: Nested values over the recipe, such as `{"training": {"epochs": 3}}`.
        resume: `never`, or `auto` to go on with a run that stopped.
        callbacks: Gives what watches the training.
        on_stage: Is told of stages before and after it.
        standard_input: The stream that the text `-` stands for.

    Returns:
        Figures and folders; `nw.load(result.run)` gives the model.
    """
    layers = [settings] if isinstance(settings, Mapping) else list(settings)
    config = run_config(
        text, recipe=recipe, settings=layers, saved=_saved_settings(Path(out), resume)
    )
    return run_training(
        config,
        Path(out),
        families=FAMILIES,
        resume=resume,
        callbacks=callbacks,
        on_stage=on_stage,
        standard_input=standard_input,
    )


def plan(
    config: RunConfig,
    *,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> Plan:
    """Say what a training would take, without training."""
    return plan_training(
        config, families=FAMILIES, on_stage=on_stage, standard_input=standard_input
    )


def _saved_settings(out: Path, resume: str) -> Values | None:
    """Give the settings of the run to go on with, if there is one."""
    if resume != "auto" or not (out / "config.toml").is_file():
        return None
    run = RunFolder.open(out)
    return read_toml(run.read_config(), source=str(run.config_file))


def _opened(text: str | Sequence[str] | Corpus) -> Corpus:
    if isinstance(text, Corpus):
        return text
    return open_corpus([text] if isinstance(text, str) else list(text))


__all__ = [
    "DEFAULT_RECIPE",
    "FAMILIES",
    "Model",
    "load",
    "plan",
    "run_config",
    "train",
]
