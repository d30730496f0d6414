"""Settings that neural language models share: regularisation."""

from dataclasses import dataclass

from nextword.base import STRICT, require, require_range
from nextword.recurrent import ActivationPenalty, RecurrentRegularizer

#: More layers than any network of these families is of use with; a file may ask for any number.
MAX_LAYERS = 1_000
_SHARES = ("input_dropout", "layer_dropout", "output_dropout", "embedding_dropout")
#: Shares and prices that only a model with a recurrence has.
_RECURRENT_SHARES = ("recurrent_dropout", "weight_dropout", "zoneout_hidden", "zoneout_cell")
_PRICES = ("activation_penalty", "temporal_penalty")


@STRICT
@dataclass(frozen=True, kw_only=True)
class RegularizationConfig:
    """`regularization.*`: what is disturbed in training, shares of at most 0.95, and penalties.

    Attributes:
        input_dropout: Of the embeddings' entries.
        layer_dropout: Of what one layer hands to the next.
        output_dropout: Of the last layer's outputs.
        embedding_dropout: Of the vocabulary: whole rows of the embedding table.
        locked: One mask for all steps of a window (locked, "variational") instead of one a step.
        recurrent_dropout: Of the hidden state that the recurrent product reads; always locked.
        weight_dropout: Of the connections in the recurrent matrix, for a window (DropConnect).
        zoneout_hidden: Of the hidden state's entries that stay as they were, at each step.
        zoneout_cell: The same of the cell state.
        activation_penalty: Price of large outputs: times the mean square of the last layer's (AR).
        temporal_penalty: Price of outputs that change from step to step (TAR).
    """

    input_dropout: float = 0.0
    layer_dropout: float = 0.0
    output_dropout: float = 0.0
    embedding_dropout: float = 0.0
    locked: bool = True
    recurrent_dropout: float = 0.0
    weight_dropout: float = 0.0
    zoneout_hidden: float = 0.0
    zoneout_cell: float = 0.0
    activation_penalty: float = 0.0
    temporal_penalty: float = 0.0

    def __post_init__(self) -> None:
        for name in _SHARES + _RECURRENT_SHARES:
            require_range(name, getattr(self, name), low=0.0, high=0.95)
        for name in _PRICES:
            require_range(name, getattr(self, name), low=0.0)

    @property
    def regularizer(self) -> RecurrentRegularizer:
        """What disturbs the recurrence."""
        return RecurrentRegularizer(
            recurrent_dropout=self.recurrent_dropout,
            weight_dropout=self.weight_dropout,
            zoneout_hidden=self.zoneout_hidden,
            zoneout_cell=self.zoneout_cell,
        )

    @property
    def penalty(self) -> ActivationPenalty:
        """What is added to the loss."""
        return ActivationPenalty(activation=self.activation_penalty, temporal=self.temporal_penalty)

    def require_not_recurrent(self, family: str) -> None:
        """Refuse what only a recurrent model has, in a model of another family.

        Raises:
            ConfigError: A setting that needs a recurrence is not zero.
        """
        for name in _RECURRENT_SHARES + _PRICES:
            require(
                getattr(self, name) == 0.0,
                f"regularization.{name} is {getattr(self, name)}, but a {family} model has no "
                "recurrence.",
                help=f"Leave regularization.{name} out.",
            )


def require_no_time_loop(
    family: str, *, backend: str, regularization: RegularizationConfig
) -> None:
    """Refuse what only layers that run over time have, in a model of another family.

    Raises:
        ConfigError: A backend is asked for, or a regulariser that needs a recurrence.
    """
    regularization.require_not_recurrent(family)
    require(
        backend == "auto",
        f"training.backend is {backend!r}, but a {family} model has no layers that run over time.",
        help="Leave training.backend out.",
    )
