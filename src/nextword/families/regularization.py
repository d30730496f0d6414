"""Settings that neural language models share: regularization."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from nextword.base import NonNegativeFloat, require, settings
from nextword.recurrent import ActivationPenalty, RecurrentRegularizer

DropoutProbability = Annotated[float, Field(ge=0, le=0.95)]
#: Probabilities and coefficients that only recurrent layers have.
_RECURRENT = ("recurrent_dropout", "weight_dropout", "zoneout_hidden", "zoneout_cell")
_COEFFICIENTS = ("activation_penalty", "temporal_penalty")


@settings("regularization")
@dataclass(frozen=True, kw_only=True)
class RegularizationConfig:
    """`regularization.*`: noise in training, with probabilities of at most 0.95, and penalties.

    Attributes:
        input_dropout: Dropout probability of the entries of the input vectors.
        layer_dropout: Dropout probability between layers.
        output_dropout: Dropout probability of the last layer's outputs.
        embedding_dropout: Probability of dropping a token's whole row of the embedding table.
        locked: Use one dropout mask for all steps of a window (locked, "variational") instead of
            a new one at each step.
        recurrent_dropout: Dropout probability of the hidden state that the recurrent product
            reads; always locked.
        weight_dropout: Probability of dropping an entry of the recurrent matrix for a window
            (DropConnect).
        zoneout_hidden: Probability that an entry of the hidden state keeps its previous value.
        zoneout_cell: The same for the cell state.
        activation_penalty: Coefficient of activation regularization (AR): the mean square of the
            last layer's outputs after dropout.
        temporal_penalty: Coefficient of temporal activation regularization (TAR): the mean square
            of the change of those outputs from one step to the next.
    """

    input_dropout: DropoutProbability = 0.0
    layer_dropout: DropoutProbability = 0.0
    output_dropout: DropoutProbability = 0.0
    embedding_dropout: DropoutProbability = 0.0
    locked: bool = True
    recurrent_dropout: DropoutProbability = 0.0
    weight_dropout: DropoutProbability = 0.0
    zoneout_hidden: DropoutProbability = 0.0
    zoneout_cell: DropoutProbability = 0.0
    activation_penalty: NonNegativeFloat = 0.0
    temporal_penalty: NonNegativeFloat = 0.0

    @property
    def regularizer(self) -> RecurrentRegularizer:
        """The regularizer of the recurrent layers."""
        return RecurrentRegularizer(
            recurrent_dropout=self.recurrent_dropout,
            weight_dropout=self.weight_dropout,
            zoneout_hidden=self.zoneout_hidden,
            zoneout_cell=self.zoneout_cell,
        )

    @property
    def penalty(self) -> ActivationPenalty:
        """The penalty on activations that is added to the training loss."""
        return ActivationPenalty(activation=self.activation_penalty, temporal=self.temporal_penalty)

    def require_not_recurrent(self, family: str) -> None:
        """Raise an error if a regularizer needs recurrent layers, for a family without them.

        Args:
            family: Name of the family, for error messages.

        Raises:
            ConfigError: Such a setting is not zero.
        """
        for name in _RECURRENT + _COEFFICIENTS:
            require(
                getattr(self, name) == 0.0,
                f"regularization.{name} is {getattr(self, name)}, but a {family} model has no "
                "recurrent layers.",
                help=f"Leave regularization.{name} out.",
            )
