"""A transformer from texts to vectors."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from nextword.base import ConfigError
from nextword.interop.sklearn.inputs import checked_texts
from nextword.interop.sklearn.packed import PackedModel
from nextword.tasks.embedding import VectorEncoder, Vectors
from nextword.tasks.loading import load_vector_encoder
from nextword.tensors import resolve_device


class TextEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Transforms texts to vectors: hidden states of a trained model, pooled over the tokens.

    The fitted estimator contains the model, so a pickle of it works without the folder.

    Args:
        model: Folder of a neural language model, a tagger or a text classifier, or a loaded model.
        pooling: From the vectors of the tokens of a text to one: `last`, `mean` or `max`.
        layer: Layer whose outputs are pooled: 0 is the embeddings, 1 the lowest layer, -1 the
            highest one.
        batch_size: Number of texts in a batch; only affects speed.
        device: Device of the model.

    Attributes:
        model_: The files of the model.

    Example:
        >>> encoder = TextEncoder("runs/lm", pooling="max")
        >>> encoder.fit_transform(["the cat", "a dog"]).shape  # doctest: +SKIP
        (2, 256)
    """

    def __init__(
        self,
        model: Any = None,
        *,
        pooling: str = "mean",
        layer: int = -1,
        batch_size: int = 32,
        device: str = "cpu",
    ) -> None:
        self.model = model
        self.pooling = pooling
        self.layer = layer
        self.batch_size = batch_size
        self.device = device

    def fit(self, X: Any, y: Any = None) -> "TextEncoder":
        """Load the model; nothing is learned from the texts.

        Args:
            X: The texts.
            y: Ignored.

        Raises:
            CheckpointError: The model cannot be loaded.
            ConfigError: It has no hidden states, or a parameter is out of range.
            DataError: `X` is not a list of strings.
        """
        checked_texts(X)
        if self.model is None:
            raise ConfigError(
                "model is None; there is nothing to encode texts with.",
                help='Name the folder of a trained model, as in TextEncoder("runs/lm").',
            )
        path = Path(getattr(self.model, "path", self.model))
        self._open(path)
        self.model_ = PackedModel.of(path)
        self._n_features_out = self._encoder().size
        return self

    def transform(self, X: Any) -> Vectors:
        """Return one vector for each text, (texts, size); a text without tokens gets zeros.

        Args:
            X: The texts.
        """
        check_is_fitted(self)
        return self._encoder().encode(checked_texts(X)).astype(np.float32, copy=False)

    def _encoder(self) -> VectorEncoder:
        encoder: VectorEncoder = self.model_.loaded(self._open)
        return encoder

    def _open(self, path: Path) -> VectorEncoder:
        return load_vector_encoder(
            path,
            device=resolve_device(self.device),
            pooling=self.pooling,
            layer=self.layer,
            batch_size=self.batch_size,
        )

    def __sklearn_tags__(self) -> Any:
        """Return the properties of the estimator: its samples are strings."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags
