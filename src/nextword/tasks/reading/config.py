"""The settings of a reader."""

from dataclasses import dataclass, field
from typing import Literal

from nextword.base import NonNegativeFloat, PositiveInt, Probability, settings
from nextword.families.regularization import DropoutProbability
from nextword.layers import AttentionKind
from nextword.optim import ClippingConfig
from nextword.tasks.decoding import DecoderConfig, TargetConfig
from nextword.tasks.running import TaskConfig, TaskTrainingConfig

AnswerKind = Literal["span", "candidate", "free"]


@settings("reading")
@dataclass(frozen=True, kw_only=True)
class ReadingConfig:
    """`reading.*`: how answers are found.

    Attributes:
        answer: `span` points to the first and the last word of the answer in the passage;
            `candidate` picks one of the candidates of a question, or of the answers of the training
            data if a question has none; `free` writes the answer with `decoder.*`.
        hops: Number of times that the reader attends to the question and then to the passage.
        reread: Read the passage again in every hop but the first, by a recurrent layer that knows
            what was found before.
        attention: How scores of attention are computed: `additive`, `dot` or `general`.
        attention_size: Size of the hidden layer of `additive` attention.
        supporting_weight: Weight of a loss that moves the attention of each hop to the supporting
            sentence of the same number, for training questions that name such sentences; 0 for
            none.
        max_answer_words: Longest span in words; that of the training data when not set.
        dropout: Dropout probability of the states between hops, and inside the decoder.
        label_smoothing: Share of the target distribution that is spread over all candidates or
            symbols.
    """

    answer: AnswerKind = "span"
    hops: PositiveInt = 2
    reread: bool = False
    attention: AttentionKind = "general"
    attention_size: PositiveInt = 128
    supporting_weight: NonNegativeFloat = 1.0
    max_answer_words: PositiveInt | None = None
    dropout: DropoutProbability = 0.2
    label_smoothing: Probability = 0.0


@settings("training")
@dataclass(frozen=True, kw_only=True)
class ReadingTrainingConfig(TaskTrainingConfig):
    """`training.*`: batches, length of training, dtype, device and backend.

    Attributes:
        batch_size: Number of questions in a batch.
        max_length: Longest passage in training, in words; questions about longer ones are left out,
            with a notice.
    """

    batch_size: PositiveInt = 32


@settings()
@dataclass(frozen=True, kw_only=True)
class ReadingRunConfig(TaskConfig):
    """All settings of a training run of a reader.

    Attributes:
        reading: How answers are found.
        target: The symbols of written answers.
        decoder: The decoder of written answers.
    """

    reading: ReadingConfig = field(default_factory=ReadingConfig)
    target: TargetConfig = field(default_factory=lambda: TargetConfig(kind="word"))
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    training: ReadingTrainingConfig = field(default_factory=ReadingTrainingConfig)
    clipping: ClippingConfig = field(default_factory=lambda: ClippingConfig(threshold=1.0))

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that another setting leaves without effect, with the reasons."""
        idle, kind = super().idle_settings(), self.reading.answer
        if kind != "free":
            reason = f"reading.answer is {kind!r}; only 'free' writes answers"
            idle |= {"target": reason, "decoder": reason}
        if kind != "span":
            idle["reading.max_answer_words"] = f"reading.answer is {kind!r}; only 'span' has spans"
        else:
            idle["reading.label_smoothing"] = "reading.answer is 'span'"
        if self.reading.hops == 1:
            idle["reading.reread"] = "reading.hops is 1; there is no second hop"
        return idle
