"""How many time steps a model scores in one call, so that memory is bounded."""

from nextword.models.contract import LanguageModel

_LONGEST_CHUNK = 512
_SHORTEST_CHUNK = 16
#: Largest number of log-probabilities in one call (64 MiB in float32), which bounds memory.
_MAX_LOG_PROBS = 2**24
#: Largest number of targets in one call, for a model that builds no full distributions: one for so
#: many parameters, within limits.
_PARAMETERS_PER_TARGET = 2**11
_MAX_TARGETS, _MOST_TARGETS = 2**17, 2**20


def default_chunk_length(model: LanguageModel, *, num_rows: int) -> int:
    """Return the number of steps per window that bounds memory.

    All log-probabilities of a window take at most 64 MiB, but a window has at least 16 and at most
    512 steps: shorter ones are inefficient, and longer ones are not faster. A model that builds no
    full distributions gets windows of 131,072 targets. Tables that do not fit into memory are read
    from their file again for each window, so that large ones get up to 1,048,576 targets.

    Args:
        model: The model.
        num_rows: Number of rows in the batch.
    """
    if not model.builds_distributions:
        targets = max(_MAX_TARGETS, model.num_parameters // _PARAMETERS_PER_TARGET)
        return max(1, min(targets, _MOST_TARGETS) // num_rows)
    steps = _MAX_LOG_PROBS // max(1, model.vocab_size * num_rows)
    return min(_LONGEST_CHUNK, max(_SHORTEST_CHUNK, steps))
