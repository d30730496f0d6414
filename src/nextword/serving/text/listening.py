"""What the engine reports of a text that is scored."""

import torch
from torch import Tensor

from nextword.base import DivergedError
from nextword.serving.engine import top_tokens
from nextword.serving.http import WaitedListener
from nextword.tokens import Tokenizer


class ScoreListener(WaitedListener):
    """Keeps the figures of every token.

    Args:
        tokenizer: The tokenizer.
        num_top: Number of most probable tokens at each place.

    Attributes:
        log_probs: Log-probability of each token, in nats.
        entropies: Entropy of each distribution, in nats.
        ranks: 1 + the number of more probable tokens.
        tops: Texts and log-probabilities of the most probable tokens at each place.
    """

    def __init__(self, tokenizer: Tokenizer, *, num_top: int) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._num_top = num_top
        self.log_probs: list[float] = []
        self.entropies: list[float] = []
        self.ranks: list[int] = []
        self.tops: list[list[tuple[str, float]]] = []

    def on_prompt(self, token_ids: Tensor, log_probs: Tensor) -> None:
        """Keep the figures of a part of the text."""
        if bool(log_probs.isnan().any()):
            raise DivergedError("the model returns NaN.", help="Its weights are not finite.")
        found = log_probs.gather(1, token_ids[:, None])
        probabilities = log_probs.exp()
        self.log_probs += torch.as_tensor(found.squeeze(1)).tolist()
        self.entropies += (-torch.special.xlogy(probabilities, probabilities).sum(1)).tolist()
        self.ranks += (1 + (log_probs > found).sum(1)).tolist()
        self.tops += [self._top(row) if self._num_top else [] for row in log_probs]

    def _top(self, log_probs: Tensor) -> list[tuple[str, float]]:
        top = top_tokens(log_probs, self._num_top)
        texts = [self._tokenizer.token_text(token_id) for token_id in top.token_ids]
        return list(zip(texts, top.log_probs, strict=True))
