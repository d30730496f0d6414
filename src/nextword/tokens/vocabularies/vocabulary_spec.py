"""What a model has to know of a vocabulary: its size and its special ids."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class VocabularySpec:
    """Size and special ids of a vocabulary.

    Attributes:
        vocab_size: Number of token ids.
        boundary_id: The id that a model reads before the first token of a text.
        start_id: The id of `<s>`.
        never_ids: Ids that are never predicted.
    """

    vocab_size: int
    boundary_id: int
    start_id: int
    never_ids: tuple[int, ...] = ()
