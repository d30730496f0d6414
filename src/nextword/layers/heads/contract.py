"""What every output layer is: hidden vectors in, the distribution of the next token out."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from jaxtyping import Float, Int64
from torch import Tensor, nn

FlatHidden = Float[Tensor, "positions hidden"]
FlatTargets = Int64[Tensor, " positions"]
FlatNll = Float[Tensor, " positions"]


class Output(ABC, nn.Module):
    """Gives probabilities of the next token, from vectors laid out a position a row.

    `log_probs` is exact in every output. `nll` agrees with it, but for a sampled softmax in
    training, whose loss is an estimate.

    Attributes:
        sparse_gradients: Whether the gradient of looked-up rows stays a list of rows. Whoever
            updates the weights must be able to take it; `nextword.optim` is.
    """

    sparse_gradients: bool = False

    @abstractmethod
    def log_probs(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Give the log-probability of every token, nats, in at least float32.

        Ids that are never predicted have -inf.
        """

    @abstractmethod
    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Give the negative log-likelihood of each target, nats, in at least float32."""

    @abstractmethod
    def num_scores_held(self, num_positions: int) -> int:
        """Say how many scores a training step of so many positions holds at once, about."""


#: Builds an output: called with hidden_size and vocab_size, and the keywords `never_ids` and
#: `tied_weight`, the embedding to share weights with (None for weights of its own).
OutputFactory = Callable[..., Output]
