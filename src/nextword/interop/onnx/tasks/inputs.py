"""The inputs of the graph of a tagger or classifier."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from nextword.tasks.classification import Classifier
from nextword.tasks.tagging import Tagger


def task_inputs(model: Tagger | Classifier, texts: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the inputs of the graph for some texts, given as words.

    Args:
        model: The model.
        texts: The words of each text; at least one text.

    Returns:
        `word_ids`, and what else the graph reads; 0 is padding.
    """
    batch = model.parts.encoder.batcher().batch(texts)
    mask, words = batch.mask(), batch.words
    # The padding comes before the unknown word and character.
    values = {"word_ids": (words.word_ids[batch.places] + 1) * mask}
    if model.parts.encoder.config.characters != "none":
        steps = torch.arange(words.character_ids.shape[1])
        is_character = steps < words.character_lengths[:, None]
        characters = (words.character_ids + 1) * is_character
        values["character_ids"] = characters[batch.places] * mask[:, :, None]
    if isinstance(model, Classifier) and (hasher := model.parts.reader().hasher) is not None:
        slots = [torch.from_numpy(hasher.slots(text)) + 1 for text in texts]
        values["ngram_ids"] = pad_sequence(slots, batch_first=True)
    return {name: value.numpy() for name, value in values.items()}
