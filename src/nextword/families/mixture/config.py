"""Settings of a mixture: its members' settings, the method, and the weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from nextword.base import (
    ConfigError,
    MismatchError,
    NonNegativeFloat,
    NonNegativeInt,
    require,
    settings,
)
from nextword.families.contract import FitJob, ModelConfig, NetworkSpec
from nextword.families.mixture.line_reset import with_line_resets
from nextword.families.mixture.model import MixtureLanguageModel
from nextword.families.ngram import NgramConfig
from nextword.families.settings import ModelSettings
from nextword.models import LanguageModel, inner_tensors

MixtureMethod = Literal["linear", "log-linear"]

#: Largest difference of a sum of weights from one; rounding of the weights stays far below it.
_TOLERANCE = 1e-6


@settings("model")
@dataclass(frozen=True, kw_only=True)
class MixtureConfig(ModelConfig):
    """`model.*` of the family `mixture`, which `nextword mix` writes.

    Attributes:
        family: `mixture`.
        method: `linear` adds the weighted probabilities of the members; `log-linear` multiplies
            their powers and normalizes the product.
        members: The settings of each model: `model`, `embedding`, `output`, `regularization`.
        weights: One weight for each member, in one row for each bucket of contexts. In row b are
            the weights where the longest context that the first n-gram model knows has b tokens
            (b from 1; the last row is for longer contexts too). With one row, they hold everywhere.
        line_resets: Numbers of the members, from 0, whose states are reset at each line, although
            the mixture is not. The others are reset where the mixture is.

    Raises:
        ConfigError: The numbers of members and weights do not match, the weights of a linear
            mixture do not sum to one, or there is no member of a number.
    """

    # The tables of n-gram models are looked up in place; the weights of networks are copied.
    is_mapped: ClassVar[bool] = True
    family: Literal["mixture"] = "mixture"
    method: MixtureMethod = "linear"
    members: tuple[ModelSettings, ...]
    weights: tuple[tuple[NonNegativeFloat, ...], ...]
    line_resets: tuple[NonNegativeInt, ...] = ()

    def __post_init__(self) -> None:
        num_members = len(self.members)
        require(
            num_members >= 2, f"model.members has {num_members} models; a mixture has at least 2."
        )
        require(
            len(self.weights) > 0 and all(len(row) == num_members for row in self.weights),
            f"model.weights has rows of {', '.join(str(len(row)) for row in self.weights)} "
            f"weights for {num_members} members.",
            help="Give one weight for each member in every row.",
        )
        require(
            self.method == "log-linear"
            or all(math.isclose(sum(row), 1.0, abs_tol=_TOLERANCE) for row in self.weights),
            f"model.weights sum to {', '.join(f'{sum(row):g}' for row in self.weights)}; the "
            "weights of a linear mixture sum to 1.",
        )
        require(
            all(number < num_members for number in self.line_resets),
            f"model.line_resets is {list(self.line_resets)}; the {num_members} members have the "
            f"numbers from 0 to {num_members - 1}.",
        )
        self._check_buckets()

    def _check_buckets(self) -> None:
        if len(self.weights) == 1:
            return
        orders = [each.model.order for each in self.members if isinstance(each.model, NgramConfig)]
        require(
            bool(orders),
            f"model.weights has {len(self.weights)} rows, but no member is an n-gram model, whose "
            "known contexts choose the row.",
            help="Give one row of weights, or add an n-gram model.",
        )
        require(
            len(self.weights) < orders[0],
            f"model.weights has {len(self.weights)} rows, but the contexts of the {orders[0]}-gram "
            f"model have at most {orders[0] - 1} tokens.",
            help=f"Give at most {max(1, orders[0] - 1)} rows of weights.",
        )

    def describe(self) -> str:
        """Return a short description of the mixture."""
        members = " + ".join(member.model.describe() for member in self.members)
        return f"{self.method} mixture of {members}"

    def idle_settings(self) -> dict[str, str]:
        """Return the sections of networks, which each member has for itself."""
        reason = "each member of a mixture has its own"
        return dict.fromkeys(("embedding", "output", "regularization"), reason)

    def fit(self, job: FitJob) -> LanguageModel:
        """Raise an error: a mixture consists of trained models.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "a mixture is not trained; it consists of trained models.",
            help="Use nextword mix MODEL... --valid TEXT --out DIR.",
        )

    def load(
        self, tensors: Mapping[str, Tensor], network: NetworkSpec, *, source: str
    ) -> MixtureLanguageModel:
        """Build each member from its tensors, and mix them."""
        names = [str(number) for number in range(len(self.members))]
        odd = sorted(name for name in tensors if name.partition(".")[0] not in names)
        if odd:
            raise MismatchError(
                f"{source} has the tensor {odd[0]}, which belongs to none of the {len(names)} "
                "members.",
                help="The weights and the configuration come from two models.",
            )
        members = [
            member.model.load(
                inner_tensors(tensors, name), member.network(network.vocabulary), source=source
            )
            for name, member in zip(names, self.members, strict=True)
        ]
        members = with_line_resets(
            members, self.line_resets, line_end_ids=network.vocabulary.line_end_ids
        )
        return MixtureLanguageModel(members, method=self.method, weights=self.weights).eval()
