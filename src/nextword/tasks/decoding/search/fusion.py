"""Shallow fusion: a language model of the target side, used in the search."""

from collections.abc import Sequence

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nextword.base import ConfigError, VocabularyError
from nextword.generation import Session
from nextword.models import LanguageModel
from nextword.tensors import Rows
from nextword.tokens import Tokenizer


class TargetLanguageModel:
    """A language model whose tokens are those of the targets.

    The end of a target is the end of a line for the language model, which should be trained on one
    target per line.

    Args:
        model: The language model.
        tokenizer: Its tokenizer.
        targets: The tokenizer of the targets.
        name: Name of the language model in error messages.

    Raises:
        ConfigError: The language model has other units than the targets, or no token that ends a
            line.
    """

    def __init__(
        self, model: LanguageModel, *, tokenizer: Tokenizer, targets: Tokenizer, name: str
    ) -> None:
        if tokenizer.unit != targets.unit:
            raise ConfigError(
                f"{name} is a language model of {tokenizer.unit} tokens, but the targets are made "
                f"of {targets.unit} tokens.",
                help=f"Train one with tokenizer.kind={targets.unit}, one target per line.",
            )
        if not len(tokenizer.line_end_ids):
            raise ConfigError(
                f"{name} has no token that ends a line, so it cannot predict where a target ends.",
                help="Train a language model on one target per line.",
            )
        self.model = model
        self._ids = torch.tensor(_matching_ids(tokenizer, targets))

    def session(self, num_rows: int) -> Session:
        """Return the state of rows that have read nothing."""
        return Session(self.model, num_rows=num_rows)

    def log_probs(
        self, session: Session, output_ids: Int64[Tensor, " output"]
    ) -> Float64[Tensor, "rows output"]:
        """Return the log-probabilities of target tokens after what a session has read.

        Args:
            session: The state of the rows.
            output_ids: Ids of target tokens, (output).

        Returns:
            Log-probabilities in nats, (rows, output).
        """
        return session.log_probs[:, self._ids[output_ids.cpu()]]

    def advance(self, session: Session, *, rows: Rows, token_ids: Int64[Tensor, " rows"]) -> None:
        """Select rows of a session and read one target token in each.

        Args:
            session: The state of the rows; it is changed.
            rows: The row that each new row continues, (rows).
            token_ids: The target token that each reads, (rows).
        """
        session.select(rows.cpu())
        session.feed(self._ids[token_ids.cpu()][:, None])


def _matching_ids(tokenizer: Tokenizer, targets: Tokenizer) -> Sequence[int]:
    """Return the id in the language model of each target token; unknown where it has none."""
    ids = []
    for target_id in range(targets.vocab_size):
        if target_id == targets.sentence_end_id:
            ids.append(int(tokenizer.line_end_ids[0]))
            continue
        try:
            ids.append(tokenizer.id_of(targets.token_text(target_id)))
        except VocabularyError:
            ids.append(tokenizer.unknown_id)
    return ids
