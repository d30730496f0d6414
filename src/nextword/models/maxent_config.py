"""Settings of RNN + MaxEnt, and how they build one."""

from dataclasses import dataclass
from typing import Literal

from nextword.base import STRICT, require_range
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.maxent import MAX_ORDER, FeatureTable
from nextword.models.config import RegularizationConfig
from nextword.models.maxent import MaxEntLanguageModel
from nextword.models.recurrent_config import RecurrentSettings
from nextword.tokens import Tokenizer


@STRICT
@dataclass(frozen=True, kw_only=True)
class MaxEntConfig(RecurrentSettings):
    """`model.*` of the family `maxent`: a recurrent network with n-gram features beside it.

    Attributes:
        family: `maxent`.
        order: Words in the longest n-grams that have a weight, 1 to 9; 1 leaves the network alone.
        table_size: Weights of all features together; a feature finds its own by hashing.
        min_count: N-grams that the training text has less often get no weight.
    """

    family: Literal["maxent"] = "maxent"
    order: int = 5
    table_size: int = 2**22
    min_count: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("model.order", self.order, low=1, high=MAX_ORDER)
        require_range("model.table_size", self.table_size, low=1)
        require_range("model.min_count", self.min_count, low=1)

    def describe(self) -> str:
        """Say in a few words what it is.

        Example:
            >>> MaxEntConfig(cell="elman", hidden_size=400, order=9).describe()
            '1 elman layer of 400, n-grams up to 9'
        """
        return f"{super().describe()}, n-grams up to {self.order}"

    def build(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        embedding: EmbeddingConfig | None = None,
        output: OutputConfig | None = None,
        backend: str = "auto",
    ) -> MaxEntLanguageModel:
        """Build the model, its network's weights drawn from torch's generator.

        Raises:
            ConfigError: The table is smaller than the vocabulary, or embedding, output or backend
                do not fit.
        """
        network = self.network(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            regularization=regularization,
            embedding=embedding,
            output=output,
            backend=backend,
        )
        features = FeatureTable(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            start_id=Tokenizer.sentence_start_id,
            order=self.order,
            table_size=self.table_size,
        )
        return MaxEntLanguageModel(network, features=features, min_count=self.min_count)
