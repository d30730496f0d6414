"""A model with its tokenizer: what it can be asked about text."""

import copy
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from nextword.api.texts import Texts, named_corpus
from nextword.base import ConfigError, checked_path
from nextword.evaluation import (
    DEFAULT_BATCH_SIZE,
    AuditReport,
    LineScore,
    PerplexityCard,
    UnitScore,
    audit_model,
    choose_passage,
    evaluate,
    per_line_scores,
    texts_of_run,
    unit_scores,
)
from nextword.families import FAMILIES
from nextword.generation import (
    Sample,
    SamplingConfig,
    TextPiece,
    complete_word,
    generate_text,
    next_tokens,
)
from nextword.interop import WindowedHuggingFaceModel
from nextword.models import LanguageModel
from nextword.storage import StoredModel, load_model, save_model, write_arpa_file
from nextword.text import Corpus
from nextword.tokens import Reset, TokenStore, build_store
from nextword.training import StageProgress


class Model:
    """A trained language model with its tokenizer, ready to use on text.

    Args:
        stored: What `load_model` gave.

    Attributes:
        language_model: Speaks token ids; see `LanguageModel`.
        tokenizer: Turns text into ids and back.
        config: The settings it was trained with.
        card: Its model card, Markdown; empty where it is an ARPA file.
        path: The model folder or ARPA file it lies in.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.language_model: LanguageModel = stored.model
        self.tokenizer = stored.tokenizer
        self.config = stored.config
        self.card = stored.card
        self.path = stored.path

    @property
    def reset(self) -> Reset:
        """Where reading starts afresh, as it was trained."""
        reset: Reset = self.config.get("training", {}).get("reset", "never")
        return reset

    def with_stride(self, stride: int) -> "Model":
        """Return the same model, its weights shared, reading in windows that begin so far apart.

        Raises:
            ConfigError: The stride is out of range, or the model reads each token once.
        """
        if not isinstance(self.language_model, WindowedHuggingFaceModel):
            raise ConfigError(
                f"{self.path} reads each token once; it has no stride.", help="Leave --stride out."
            )
        model = copy.copy(self)
        model.language_model = self.language_model.with_stride(stride)
        return model

    def evaluate(
        self,
        texts: Texts | None = None,
        *,
        text: str | None = None,
        reset: Reset | None = None,
        batch_size: int = DEFAULT_BATCH_SIZE,
        chunk_length: int | None = None,
        name: str | None = None,
        on_stage: StageProgress | None = None,
    ) -> PerplexityCard:
        """Return the perplexity card on texts, named as on the command line, or on a string.

        Args:
            texts: Files, folders, globs, `stdlib:`; or an opened corpus.
            text: The text itself, in place of `texts`.
            reset: Where the state is forgotten; as trained when None.
            batch_size: Units scored side by side; no figure but the speed depends on it.
            chunk_length: Steps at a time; as above.
            name: What the card calls the model; its path when None.
            on_stage: Is told of encoding and scoring, with the tokens done so far.

        Raises:
            ConfigError: Both `texts` and `text` are given, or neither.
            DataError: A text cannot be read.

        Example:
            `model.evaluate("corpus.txt")`, `model.evaluate(text="the old man")`
        """
        corpus = named_corpus(texts, text)
        name = str(self.path) if name is None else name
        store = self._encoded(corpus, on_stage)
        return evaluate(
            self.language_model,
            store,
            tokenizer=self.tokenizer,
            name=name,
            text=corpus.description,
            reset=self.reset if reset is None else reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
            stride=self.language_model.stride,
            on_progress=None
            if on_stage is None
            else partial(on_stage, f"measuring {name}, tokens", total=store.num_tokens),
        )

    def unit_scores(
        self,
        texts: Texts | None = None,
        *,
        text: str | None = None,
        reset: Reset = "line",
        batch_size: int = DEFAULT_BATCH_SIZE,
        chunk_length: int | None = None,
    ) -> Iterator[UnitScore]:
        """Return the sums of every line (or document), in order; texts are as of `evaluate`."""
        return unit_scores(
            self.language_model,
            self._encoded(named_corpus(texts, text)),
            tokenizer=self.tokenizer,
            reset=reset,
            batch_size=batch_size,
            chunk_length=chunk_length,
        )

    def perplexity(
        self, text: str | None = None, *, texts: Texts | None = None, reset: Reset | None = None
    ) -> float:
        """Return the perplexity per token of a string, or of texts named as for `evaluate`.

        Args:
            text: The text itself. The name of a file is not opened: give it as `texts`.
            texts: Files, folders, globs, `stdlib:`, or an opened corpus, in place of `text`.
            reset: Where the state is forgotten; as trained when None.

        Raises:
            ConfigError: Both `text` and `texts` are given, or neither.
        """
        return self.evaluate(texts, text=text, reset=reset).perplexity

    def audit(
        self,
        texts: Texts | None = None,
        *,
        text: str | None = None,
        seed: int = 0,
        name: str | None = None,
        on_stage: StageProgress | None = None,
    ) -> AuditReport:
        """Check that the model keeps what every language model promises.

        Args:
            texts: What is read to it, a few rows of it: files, folders, globs, `stdlib:`, or an
                opened corpus. Held-out text of its run when neither this nor `text` is given, or
                made-up ids where it is of no run.
            text: The text itself, in place of `texts`.
            seed: Decides which rows.
            name: What the report calls the model; its path when None.
            on_stage: Is told of encoding and checking, with what is done so far.
        """
        name = str(self.path) if name is None else name
        corpus = None if texts is None and text is None else named_corpus(texts, text)
        run_texts = texts_of_run(self.path, self.tokenizer)
        store = None if corpus is None else self._encoded(corpus, on_stage)
        passage = choose_passage(
            self.language_model,
            texts=run_texts,
            store=store,
            text="" if corpus is None else corpus.description,
            seed=seed,
        )
        return audit_model(
            self.language_model,
            name=name,
            passage=passage,
            reload=self._reload if self.language_model.family in FAMILIES else None,
            texts=run_texts,
            tokenizer=self.tokenizer,
            num_characters_lost=None if store is None else store.num_characters_lost,
            on_progress=None if on_stage is None else partial(on_stage, f"checking {name}"),
        )

    def next_words(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Return the most probable next tokens after a context, with their probabilities."""
        return next_tokens(self.language_model, self.tokenizer, context=context, k=k)

    def complete_word(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Return the words most likely meant by the partial word that a context ends in."""
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
        """Return several continuations of a prompt; sample k is the same however many there are."""
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
        """Return the log-probability of each line, its end included, nats."""
        return list(self.stream_scores(lines, batch_size=batch_size))

    def stream_scores(
        self, lines: Iterator[str] | Sequence[str], *, batch_size: int = DEFAULT_BATCH_SIZE
    ) -> Iterator[LineScore]:
        """Score lines as they come."""
        return per_line_scores(
            self.language_model, lines, tokenizer=self.tokenizer, batch_size=batch_size
        )

    def _reload(self) -> LanguageModel:
        """Save the model and load it again."""
        with tempfile.TemporaryDirectory(prefix="nextword-audit-") as parent:
            folder = Path(parent) / "model"
            save_model(
                folder,
                self.language_model,
                config=self.config,
                tokenizer=self.tokenizer,
                card=self.card,
            )
            return load_model(folder, device=self.language_model.device).model

    def export_arpa(self, path: str | Path, *, on_stage: StageProgress | None = None) -> None:
        """Write an n-gram model as an ARPA file, compressed where the path ends in `.gz`.

        Args:
            path: A file that is not there yet.
            on_stage: Is told how many lines were written.

        Raises:
            CheckpointError: The file exists already, or the disk refuses.
            ConfigError: The model is no n-gram model.
            DataError: Its tokens cannot be spelt in an ARPA file, as those of kind `bpe`.
        """
        told = None if on_stage is None else partial(on_stage, f"writing lines of {path}")
        write_arpa_file(checked_path(path), self.language_model, self.tokenizer, on_progress=told)

    def _encoded(self, corpus: Corpus, on_stage: StageProgress | None = None) -> TokenStore:
        told = None if on_stage is None else partial(on_stage, "encoding the text")
        return build_store(corpus, self.tokenizer, folder=None, on_progress=told)
