"""The settings of a transducer."""

from dataclasses import dataclass, field

from nextword.base import PositiveInt, Probability, settings
from nextword.families.regularization import DropoutProbability
from nextword.optim import ClippingConfig
from nextword.tasks.decoding import DecoderConfig, LayersConfig, SymbolConfig, TargetConfig
from nextword.tasks.running import TaskConfig, TaskTrainingConfig


@settings("source")
@dataclass(frozen=True, kw_only=True)
class SourceConfig(SymbolConfig):
    """`source.*`: the symbols of sources; see `SymbolConfig`."""


@settings("encoder")
@dataclass(frozen=True, kw_only=True)
class SourceEncoderConfig(LayersConfig):
    """`encoder.*`: the encoder of sources; see `LayersConfig`.

    Attributes:
        bidirectional: Read each source in both directions.
    """

    bidirectional: bool = True


@settings("transduction")
@dataclass(frozen=True, kw_only=True)
class TransductionConfig:
    """`transduction.*`: the loss and its regularization.

    Attributes:
        dropout: Dropout probability of embeddings, between layers, and of outputs.
        label_smoothing: Share of the target distribution that is spread over all symbols.
        free_running_probability: Probability that a step of the decoder reads the model's own
            prediction instead of the true symbol (scheduled sampling); 0 is teacher forcing.
    """

    dropout: DropoutProbability = 0.2
    label_smoothing: Probability = 0.1
    free_running_probability: Probability = 0.0


@settings("training")
@dataclass(frozen=True, kw_only=True)
class TransductionTrainingConfig(TaskTrainingConfig):
    """`training.*`: batches, length of training, dtype, device and backend.

    Attributes:
        batch_size: Number of pairs in a batch.
        max_length: Longest source or target in training, in symbols; pairs with longer ones are
            left out, with a notice.
    """

    batch_size: PositiveInt = 128


@settings()
@dataclass(frozen=True, kw_only=True)
class TransductionRunConfig(TaskConfig):
    """All settings of a training run of a transducer.

    Attributes:
        source: The symbols of sources.
        target: The symbols of targets.
        encoder: The encoder of sources.
        decoder: The decoder of targets.
        transduction: The loss and its regularization.
    """

    source: SourceConfig = field(default_factory=SourceConfig)
    target: TargetConfig = field(default_factory=TargetConfig)
    # Sources are sequences of symbols, not of words with characters as in the other tasks.
    encoder: SourceEncoderConfig = field(  # type: ignore[assignment]
        default_factory=SourceEncoderConfig
    )
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    transduction: TransductionConfig = field(default_factory=TransductionConfig)
    training: TransductionTrainingConfig = field(default_factory=TransductionTrainingConfig)
    clipping: ClippingConfig = field(default_factory=lambda: ClippingConfig(threshold=1.0))
