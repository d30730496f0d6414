"""The part of a vocabulary that a model needs: its size and special ids."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VocabularySpec:
    """Size and special ids of a vocabulary.

    Attributes:
        vocab_size: Number of token ids.
        boundary_id: Id that a model reads before the first token of a text.
        start_id: Id of `<s>`.
        never_ids: Ids that are never targets; a model gives them no probability.
        line_end_ids: Ids of the tokens that end a line.
    """

    vocab_size: int
    boundary_id: int
    start_id: int
    never_ids: tuple[int, ...] = ()
    line_end_ids: tuple[int, ...] = ()
