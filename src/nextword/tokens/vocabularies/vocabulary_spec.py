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
    """

    vocab_size: int
    boundary_id: int
    start_id: int
    never_ids: tuple[int, ...] = ()
