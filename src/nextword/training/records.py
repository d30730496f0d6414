"""What a training reports: one record every few updates, one a validation."""

from dataclasses import dataclass

from nextword.base import Values, nats_to_bits, perplexity


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """Progress over the updates since the last record.

    Attributes:
        step: Updates done.
        num_steps: Updates the training is planned to have.
        epoch: Times the text has been read, with the part of the current one.
        num_tokens_seen: Targets trained on, repeats included.
        nll_per_token: Mean training loss, nats.
        learning_rate: Of the last update.
        grad_norm: Mean norm of the gradient before clipping.
        clip_rate: Share of updates whose gradient was clipped.
        tokens_per_second: Targets a second.
        elapsed_s: Seconds trained so far, earlier sittings included.
        remaining_s: Seconds still to go at this speed.
    """

    step: int
    num_steps: int
    epoch: float
    num_tokens_seen: int
    nll_per_token: float
    learning_rate: float
    grad_norm: float
    clip_rate: float
    tokens_per_second: float
    elapsed_s: float
    remaining_s: float

    @property
    def perplexity(self) -> float:
        """Training perplexity per token."""
        return perplexity(self.nll_per_token, 1)

    def to_values(self) -> Values:
        """Give the record as a line of `metrics.jsonl`."""
        return {
            "step": self.step,
            "epoch": round(self.epoch, 4),
            "num_tokens_seen": self.num_tokens_seen,
            "train/nll_per_token": self.nll_per_token,
            "train/perplexity": self.perplexity,
            "train/learning_rate": self.learning_rate,
            "train/grad_norm": self.grad_norm,
            "train/clip_rate": self.clip_rate,
            "train/tokens_per_second": round(self.tokens_per_second, 1),
            "elapsed_s": round(self.elapsed_s, 3),
        }


@dataclass(frozen=True, kw_only=True)
class ValidationRecord:
    """A measurement on the validation text.

    Attributes:
        step: Updates done.
        epoch: Times the text has been read.
        nll_per_token: Mean loss, nats.
        is_best: Whether no earlier validation was as good.
        elapsed_s: Seconds trained so far.
    """

    step: int
    epoch: float
    nll_per_token: float
    is_best: bool
    elapsed_s: float

    @property
    def perplexity(self) -> float:
        """Validation perplexity per token."""
        return perplexity(self.nll_per_token, 1)

    def to_values(self) -> Values:
        """Give the record as a line of `metrics.jsonl`."""
        return {
            "step": self.step,
            "epoch": round(self.epoch, 4),
            "validation/nll_per_token": self.nll_per_token,
            "validation/bits_per_token": nats_to_bits(self.nll_per_token),
            "validation/perplexity": self.perplexity,
            "validation/is_best": self.is_best,
            "elapsed_s": round(self.elapsed_s, 3),
        }
