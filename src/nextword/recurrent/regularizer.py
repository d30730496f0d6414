"""Regularization inside the recurrence: masks drawn once per window, and zoneout."""

from torch import Tensor, nn

from nextword.base import ConfigError
from nextword.cells import AnyCell, StepNoise
from nextword.layers import check_probability, keep_mask
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise, NoiseKind


class RecurrentRegularizer(nn.Module):
    """Draws the noise of recurrent layers in training, with torch's default generator.

    Args:
        recurrent_dropout: Dropout probability of the entries of h⁻ in the recurrent product, with
            one mask for all steps of a window.
        weight_dropout: Dropout probability of the recurrent matrix's entries, per window.
        zoneout_hidden: Probability that an entry of the hidden state keeps its old value, drawn
            at each step.
        zoneout_cell: The same for the cell state.
        section: Section of these settings, for error messages.

    Raises:
        ConfigError: A probability is not in [0, 1).

    In evaluation, zoneout uses the expectation. As in its source, the hidden state is computed from
    the cell state before zoneout of the cell state.

    Source: recurrent dropout from [gal2016]; dropped connections from [merity2018]; zoneout from
    [krueger2017].
    """

    def __init__(
        self,
        *,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        zoneout_hidden: float = 0.0,
        zoneout_cell: float = 0.0,
        section: str = "regularization",
    ) -> None:
        super().__init__()
        self._section = section
        self.recurrent_dropout = check_probability(recurrent_dropout)
        self.weight_dropout = check_probability(weight_dropout)
        self.zoneout_hidden = check_probability(zoneout_hidden)
        self.zoneout_cell = check_probability(zoneout_cell)

    @property
    def kinds(self) -> frozenset[NoiseKind]:
        """The kinds of noise that a backend has to support."""
        shares: dict[NoiseKind, float] = {
            "recurrent_dropout": self.recurrent_dropout,
            "weight_dropout": self.weight_dropout,
            "zoneout": max(self.zoneout_hidden, self.zoneout_cell),
        }
        return frozenset(kind for kind, share in shares.items() if share > 0.0)

    def extra_repr(self) -> str:
        """Return what changes a trained model's results; part of its fingerprint."""
        if "zoneout" not in self.kinds:
            return ""
        return f"zoneout_hidden={self.zoneout_hidden}, zoneout_cell={self.zoneout_cell}"

    def check(self, cell: AnyCell) -> None:
        """Raise an error if the cell has no part that the noise applies to.

        Raises:
            ConfigError: The cell has no recurrent matrix, or no cell state.
        """
        name = type(cell).__name__
        for kind in ("recurrent_dropout", "weight_dropout"):
            if kind in self.kinds and not cell.has_recurrent_matrix:
                raise ConfigError(
                    f"{self._section}.{kind} is {getattr(self, kind)}, but {name} has no recurrent "
                    "matrix.",
                    help=f"Leave {self._section}.{kind} out.",
                )
        if self.zoneout_cell > 0.0 and "cell_state" not in cell.state_names:
            raise ConfigError(
                f"{self._section}.zoneout_cell is {self.zoneout_cell}, but {name} has no cell "
                "state.",
                help=f"Use {self._section}.zoneout_hidden.",
            )

    def draw(self, cell: AnyCell, *, batch_size: int, num_steps: int) -> LayerNoise:
        """Draw the noise of one layer and one window.

        Args:
            cell: The layer's cell.
            batch_size: Number of rows of the window.
            num_steps: Number of its steps.
        """
        if not self.kinds:
            return NO_LAYER_NOISE
        state = cell.initial_state(batch_size)
        return LayerNoise(
            step=self._step_noise(cell, batch_size),
            held=self._held(state, num_steps, cell.state_names),
        )

    def _step_noise(self, cell: AnyCell, batch_size: int) -> StepNoise:
        mask, weight_hh = None, None
        if self.training and self.recurrent_dropout > 0.0:
            weight = cell.get_parameter("weight_hh")
            shape = (batch_size, weight.shape[1])
            mask = keep_mask(shape, probability=self.recurrent_dropout, like=weight)
        if self.training and self.weight_dropout > 0.0:
            weight = cell.get_parameter("weight_hh")
            weight_hh = weight * keep_mask(
                tuple(weight.shape), probability=self.weight_dropout, like=weight
            )
        return StepNoise(mask=mask, weight_hh=weight_hh)

    def _held(
        self, state: tuple[Tensor, ...], num_steps: int, names: tuple[str, ...]
    ) -> tuple[Tensor, ...]:
        """Draw which entries keep their old value in training; else return their expected share."""
        if "zoneout" not in self.kinds:
            return ()
        shares = {"hidden_state": self.zoneout_hidden, "cell_state": self.zoneout_cell}
        return tuple(
            self._held_part(part, num_steps, shares[name])
            for part, name in zip(state, names, strict=True)
        )

    def _held_part(self, part: Tensor, num_steps: int, share: float) -> Tensor:
        if not self.training or share == 0.0:
            return part.new_tensor(share).expand(num_steps, 1, 1)
        kept = keep_mask((num_steps, *part.shape), probability=share, like=part)
        return (kept == 0).to(part.dtype)
