"""A language model with its tokenizer, applied to text.

Evaluation, audit and transformers support are imported when they are used, so that a model can be
loaded and asked for the next word without them.
"""

import copy
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextword.api.line_scoring import LineScoring
from nextword.api.text_generation import TextGeneration
from nextword.api.texts import (
    Texts,
    held_out_corpus,
    held_out_text,
    named_corpus,
    require_alone,
    training_text,
)
from nextword.base import ConfigError, Values, checked_path
from nextword.families import FAMILIES
from nextword.models import LanguageModel
from nextword.pages import preformatted
from nextword.storage import StoredModel, load_model, save_model, write_arpa_file
from nextword.text import Corpus
from nextword.tokens import Reset, Tokenizer, TokenStore, build_store

if TYPE_CHECKING:
    from nextword.evaluation import (
        AuditReport,
        PerplexityCard,
        UnitScore,
    )
    from nextword.tasks.embedding import VectorEncoder, Vectors
    from nextword.training import ProgressCallback


class Model(TextGeneration, LineScoring):
    """A trained language model with its tokenizer. Returned by `load`.

    Args:
        stored: The loaded model, tokenizer and settings.

    Attributes:
        language_model: The model on token ids; see `LanguageModel`.
        tokenizer: Encodes text to token ids and decodes them.
        config: The settings that the model was trained with, as nested values.
        card: The model card in Markdown; empty for an ARPA file.
        path: The model folder or ARPA file.
    """

    def __init__(self, stored: StoredModel) -> None:
        self.language_model: LanguageModel = stored.model
        self.tokenizer = stored.tokenizer
        self.config = stored.config
        self.card = stored.card
        self.path = stored.path

    def __repr__(self) -> str:
        model = self.language_model
        return (
            f"Model({str(self.path)!r}, family={model.family!r}, "
            f"num_parameters={model.num_parameters:,}, tokenizer={self.tokenizer.description!r})"
        )

    def _repr_html_(self) -> str:
        return preformatted(self.card or repr(self))

    if not TYPE_CHECKING:  # otherwise a type checker would accept every attribute

        def __getattr__(self, name: str) -> Any:
            """Raise an error that says so if the network has the attribute."""
            network = self.__dict__.get("language_model")
            hint = ""
            if not name.startswith("_") and hasattr(network, name):
                hint = f"; the network has it: model.language_model.{name}"
            raise AttributeError(f"'Model' object has no attribute {name!r}{hint}")

    @classmethod
    def of(
        cls,
        language_model: LanguageModel,
        tokenizer: Tokenizer,
        *,
        config: Values,
        path: Path,
        card: str = "",
    ) -> "Model":
        """Return a model that was not loaded from a folder.

        Args:
            language_model: The model on token ids.
            tokenizer: Its tokenizer.
            config: Its settings, as nested values; `model.family` names its family.
            path: The folder that it belongs to.
            card: The model card in Markdown.
        """
        return cls(
            StoredModel(
                model=language_model, tokenizer=tokenizer, config=config, card=card, path=path
            )
        )

    @property
    def reset(self) -> Reset:
        """Where the state was reset in training: `never`, `document` or `line`."""
        reset: Reset = self.config.get("training", {}).get("reset", "never")
        return reset

    def with_stride(self, stride: int) -> "Model":
        """Return a model with the same weights and another stride of its sliding window.

        Args:
            stride: Number of tokens between the starts of two windows.

        Raises:
            ConfigError: The stride is out of range, or the model has no sliding window.
        """
        from nextword.interop import WindowedHuggingFaceModel

        if not isinstance(self.language_model, WindowedHuggingFaceModel):
            raise ConfigError(
                f"{self.path} reads each token once; it has no stride.", help="Leave --stride out."
            )
        model = copy.copy(self)
        model.language_model = self.language_model.with_stride(stride)
        return model

    def with_precision(self, precision: str) -> "Model":
        """Return a recurrent model with packed weights, which generates and predicts faster.

        With `float32`, a model that the compiled kernels cannot run is not packed.

        Args:
            precision: `float32`; `bfloat16`, with half of the memory; or `int8`, with a quarter.
                `evaluate` measures the change in perplexity.

        Raises:
            ConfigError: The precision is unknown, or lower than `float32` for a model that the
                compiled kernels cannot run.
        """
        from nextword.packed import with_precision

        model = copy.copy(self)
        model.language_model = with_precision(self.language_model, precision)
        return model

    def evaluate(
        self,
        texts: Texts | None = None,
        *,
        text: str | None = None,
        split: str | None = None,
        reset: Reset | None = None,
        batch_size: int | None = None,
        chunk_length: int | None = None,
        name: str | None = None,
        on_progress: "ProgressCallback | None" = None,
    ) -> "PerplexityCard":
        """Evaluate the model on texts or on a string, and return the perplexity card.

        Args:
            texts: Files, folders, globs or `stdlib:`, or a corpus.
            text: The text itself, instead of `texts`.
            split: Held-out text of the model's own run, instead of `texts`: `valid` or `test`.
            reset: Where the state is reset: `never`, `document` or `line`; as in training when
                None.
            batch_size: Number of units in a batch; 32 when None. Only the speed depends on it.
            chunk_length: Steps per forward call; chosen to bound memory when None. Only the speed
                depends on it.
            name: Name of the model on the card; its path when None.
            on_progress: Called with (stage, done, total) while the text is encoded and scored.

        Returns:
            The card; its note says so if the model was trained on the text, or the weights of a
            mixture were tuned on it.

        Raises:
            ConfigError: More than one of `texts`, `text` and `split` is given, or none; or the
                model has no run with such a text.
            DataError: A text cannot be read.

        Example:
            `model.evaluate("corpus.txt")`, `model.evaluate(text="the old man")`
        """
        from nextword.evaluation import DEFAULT_BATCH_SIZE, evaluate, seen_note

        name = str(self.path) if name is None else name
        if split is None:
            corpus = named_corpus(texts, text)
            store, source = self._encoded(corpus, on_progress), corpus.description
        else:
            require_alone(split, texts=texts, text=text)
            store = held_out_text(self.path, self.tokenizer, split=split)
            source = f"{split} text of {self.path.parent}"
        card = evaluate(
            self.language_model,
            store,
            tokenizer=self.tokenizer,
            name=name,
            text=source,
            reset=self.reset if reset is None else reset,
            batch_size=DEFAULT_BATCH_SIZE if batch_size is None else batch_size,
            chunk_length=chunk_length,
            stride=self.language_model.stride,
            on_progress=None
            if on_progress is None
            else partial(on_progress, f"scoring tokens by {name}", total=store.num_tokens),
        )
        if split is not None:
            return card
        train = training_text(self.path, self.tokenizer)
        note = seen_note(store, train=train, config=self.config)
        return card if note is None else card.with_note(note)

    def held_out_corpus(self, split: str) -> Corpus:
        """Return the held-out text of the model's own run, decoded.

        Args:
            split: `valid` or `test`.

        Raises:
            ConfigError: The model has no run with such a text.
        """
        return held_out_corpus(self.path, self.tokenizer, split=split)

    def unit_scores(
        self,
        texts: Texts | None = None,
        *,
        text: str | None = None,
        reset: Reset = "line",
        batch_size: int | None = None,
        chunk_length: int | None = None,
    ) -> "Iterator[UnitScore]":
        """Iterate over the summed scores of every line or document, in order.

        Args are those of `evaluate`.
        """
        from nextword.evaluation import DEFAULT_BATCH_SIZE, unit_scores

        return unit_scores(
            self.language_model,
            self._encoded(named_corpus(texts, text)),
            tokenizer=self.tokenizer,
            reset=reset,
            batch_size=DEFAULT_BATCH_SIZE if batch_size is None else batch_size,
            chunk_length=chunk_length,
        )

    def perplexity(
        self, text: str | None = None, *, texts: Texts | None = None, reset: Reset | None = None
    ) -> float:
        """Return the perplexity per token of a string or of texts.

        Args:
            text: The text itself. A file name is not opened; pass it as `texts`.
            texts: Files, folders, globs or `stdlib:`, or a corpus, instead of `text`.
            reset: Where the state is reset: `never`, `document` or `line`; as in training when
                None.

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
        on_progress: "ProgressCallback | None" = None,
    ) -> "AuditReport":
        """Check the model for faults that falsify its perplexity.

        Args:
            texts: Files, folders, globs or `stdlib:`, or a corpus, of which a few rows are read. If
                neither `texts` nor `text` is given: held-out text of the model's run, or random ids
                if the model has no run.
            text: The text itself, instead of `texts`.
            seed: Seed that selects the rows.
            name: Name of the model in the report; its path when None.
            on_progress: Called with (stage, done, total) while the text is encoded and checks run.

        Returns:
            The result of every check.
        """
        from nextword.evaluation import audit_model, choose_passage, texts_of_run

        name = str(self.path) if name is None else name
        corpus = None if texts is None and text is None else named_corpus(texts, text)
        run_texts = texts_of_run(self.path, self.tokenizer)
        store = None if corpus is None else self._encoded(corpus, on_progress)
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
            on_progress=None if on_progress is None else partial(on_progress, f"checking {name}"),
        )

    def encode(
        self,
        texts: Iterable[str],
        *,
        pooling: str = "mean",
        layer: int = -1,
        batch_size: int | None = None,
    ) -> "Vectors":
        """Return one vector for each text; a text without tokens gets zeros.

        Args:
            texts: The texts; a newline at the end of a text is not read.
            pooling: See `vector_encoder`.
            layer: See `vector_encoder`.
            batch_size: See `vector_encoder`.

        Returns:
            (texts, size), float32.

        Raises:
            ConfigError: The model has no hidden states, the pooling is unknown, there is no such
                layer, or `texts` is a single string.
            DataError: A text cannot be encoded.
        """
        encoder = self.vector_encoder(pooling=pooling, layer=layer, batch_size=batch_size)
        return encoder.encode(texts)

    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> "VectorEncoder":
        """Return an encoder from texts to vectors: hidden states, pooled over the tokens.

        The model reads the boundary and then the tokens of a text. The hidden states after the
        tokens are pooled; that after the boundary is not. The line end is not read.

        Args:
            pooling: From the hidden states of a text to one vector: `last`, `mean` or `max`.
            layer: Layer whose outputs are pooled: 0 is the embeddings, 1 the lowest layer, and so
                on; the highest one, also -1, is what the output head reads.
            batch_size: Number of texts in a batch; 32 when None. Vectors do not depend on it.

        Raises:
            ConfigError: The model has no hidden states, the pooling is unknown, or there is no such
                layer.
        """
        from nextword.tasks.embedding import LanguageModelVectors

        return LanguageModelVectors(
            self.language_model,
            self.tokenizer,
            name=str(self.path),
            pooling=pooling,
            layer=layer,
            batch_size=batch_size,
        )

    def save(self, path: str | Path) -> None:
        """Save the model as a model folder, which `load` reads.

        Args:
            path: The folder to write. A model folder that exists is replaced.

        Raises:
            CheckpointError: The folder exists and is not a model folder, or writing fails.
            ConfigError: The model was not trained by nextword.
        """
        if self.language_model.family not in FAMILIES:
            raise ConfigError(
                f"{self.path} cannot be saved as a model folder; it was not trained by nextword.",
                help="Copy its folder.",
            )
        save_model(
            checked_path(path),
            self.language_model,
            config=self.config,
            tokenizer=self.tokenizer,
            card=self.card,
        )

    def _reload(self) -> LanguageModel:
        """Save the model to a temporary folder, and return the model loaded from it."""
        with tempfile.TemporaryDirectory(prefix="nextword-audit-") as parent:
            folder = Path(parent) / "model"
            self.save(folder)
            return load_model(folder, device=self.language_model.device).model

    def export_arpa(
        self, path: str | Path, *, on_progress: "ProgressCallback | None" = None
    ) -> None:
        """Write an n-gram model as an ARPA file, compressed if the path ends in `.gz`.

        Args:
            path: A file that does not exist.
            on_progress: Called with (stage, done, total) while lines are written.

        Raises:
            CheckpointError: The file exists, or cannot be written.
            ConfigError: The model is not an n-gram model.
            DataError: Its tokens cannot be written in an ARPA file, such as those of kind `bpe`.
        """
        hook = None if on_progress is None else partial(on_progress, f"writing lines of {path}")
        write_arpa_file(
            checked_path(path), self.language_model, tokenizer=self.tokenizer, on_progress=hook
        )

    def _encoded(self, corpus: Corpus, on_progress: "ProgressCallback | None" = None) -> TokenStore:
        hook = None if on_progress is None else partial(on_progress, "encoding the text")
        return build_store(corpus, self.tokenizer, folder=None, on_progress=hook)
