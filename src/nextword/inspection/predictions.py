"""What a model predicts after each token of a passage: the most probable next words."""

from dataclasses import dataclass

import torch

from nextword.base import nats_to_bits
from nextword.inspection.passage import Passage
from nextword.models import LanguageModel, inference
from nextword.tokens import Tokenizer

_CHUNK = 64
_LOWEST = 0.0005


@dataclass(frozen=True, kw_only=True)
class NextWords:
    """The prediction after one token.

    Attributes:
        target: Text of the token that follows.
        surprisal: Its negative log-probability, in bits.
        most_probable: Texts and probabilities of the most probable tokens, most probable first.
    """

    target: str
    surprisal: float
    most_probable: tuple[tuple[str, float], ...]

    def describe(self) -> str:
        """Return the prediction in two lines, for a token figure."""
        shown = ", ".join(
            f"{text!r} {probability:.1%}"
            for text, probability in self.most_probable
            if probability >= _LOWEST
        )
        words = shown or f"every token has less than {_LOWEST:.2%}"
        return f"next: {self.target!r}, {self.surprisal:.2f} bits\nmost probable: {words}"


def next_words_along(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    passage: Passage,
    start: int = 0,
    num_tokens: int,
    k: int = 5,
) -> list[NextWords]:
    """Return the predictions after tokens of a passage.

    Args:
        model: A model of any family.
        tokenizer: Its tokenizer.
        passage: The text.
        start: The first position.
        num_tokens: Largest number of positions.
        k: Number of most probable tokens to return for each.
    """
    found: list[NextWords] = []
    end = min(len(passage), start + num_tokens)
    with inference(model):
        state = model.initial_state(1)
        if start:
            state = model.advance(passage.token_ids[None, :start].to(model.device), state)
        for low in range(start, end, _CHUNK):
            high = min(end, low + _CHUNK)
            token_ids = passage.token_ids[None, low:high].to(model.device)
            log_probs, state = model.next_log_probs(token_ids, state)
            targets = passage.target_ids[low:high].to(log_probs.device)
            nll = -log_probs[0].gather(1, targets[:, None])[:, 0]
            best = torch.topk(log_probs[0], min(k, log_probs.shape[2]), dim=1)
            for row, position in enumerate(range(low, high)):
                pairs = zip(
                    best.indices[row].tolist(), best.values[row].exp().tolist(), strict=True
                )
                found.append(
                    NextWords(
                        target=passage.texts[position],
                        surprisal=nats_to_bits(float(nll[row])),
                        most_probable=tuple((tokenizer.token_text(i), p) for i, p in pairs),
                    )
                )
    return found
