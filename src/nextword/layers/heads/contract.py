"""The contract of an output head: hidden vectors in, the distribution of the next token out."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from jaxtyping import Float, Int64
from torch import Tensor, nn

#: Hidden vectors, one row per position, whatever axes they had before.
FlatHidden = Float[Tensor, "positions hidden"]
#: The ids to predict, one per position.
FlatTargets = Int64[Tensor, " positions"]
#: The negative log-likelihood of the target at each position, nats.
FlatNll = Float[Tensor, " positions"]


class Output(ABC, nn.Module):
    """An output head: computes probabilities of the next token from hidden vectors.

    `log_probs` is exact in every head. `nll` agrees with it, except for a sampled softmax in
    training, whose loss is an estimate.

    Attributes:
        sparse_gradients: Whether the gradient of looked-up rows is sparse. The optimizer must
            accept sparse gradients then; those of `nextword.optim` do.
    """

    sparse_gradients: bool = False

    @abstractmethod
    def log_probs(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Return the log-probability of every token, nats; -inf for ids that are never predicted.

        Args:
            hidden: Hidden vectors, (positions, hidden).

        Returns:
            (positions, vocab), in at least float32.
        """

    @abstractmethod
    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Return the negative log-likelihood of each target, nats.

        Args:
            hidden: Hidden vectors, (positions, hidden).
            target_ids: Ids to predict, (positions).

        Returns:
            (positions), in at least float32.
        """

    @abstractmethod
    def num_scores_held(self, num_positions: int) -> int:
        """Return about how many scores a training step keeps in memory at once.

        Args:
            num_positions: Positions that the step predicts.
        """


#: Builds an output head. It is called with hidden_size and vocab_size, and the keywords `never_ids`
#: and `tied_weight`: the embedding whose weights it shares, or None for its own weights.
OutputFactory = Callable[..., Output]
