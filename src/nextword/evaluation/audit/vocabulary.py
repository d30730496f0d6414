"""Whether the vocabulary was learnt from the training text alone. Knows nothing of models.

A type that only the held-out text has, and that has an id of its own nevertheless, was looked up
there: what should have been an unknown word is scored as a known one, and the perplexity is no
longer that of new text.
"""

import numpy as np
from jaxtyping import Bool, Int64, UInt

from nextword.evaluation.audit.run_texts import RunTexts
from nextword.evaluation.audit.subject import NotApplicable, Subject

_SCAN_TOKENS = 1 << 22
_NUM_SHOWN = 5


def vocabulary_leak(subject: Subject) -> float:
    """Count the types that the held-out texts have and the training text has not.

    Raises:
        NotApplicable: There are no such texts, or the vocabulary was not learnt from a text.
    """
    return float(len(leaked_ids(_texts(subject))))


def leaked_types(subject: Subject) -> str:
    """Name some of the types that leaked."""
    texts = _texts(subject)
    leaked = leaked_ids(texts)
    shown = [repr(texts.tokenizer.token_text(int(token_id))) for token_id in leaked[:_NUM_SHOWN]]
    more = ", ..." if len(leaked) > _NUM_SHOWN else ""
    return f"never in the training text: {', '.join(shown)}{more}"


def leaked_ids(texts: RunTexts) -> Int64[np.ndarray, " num_leaked"]:
    """Give the ids that occur in a held-out text and cannot have been learnt from the training."""
    tokenizer = texts.tokenizer
    known = _seen(texts.train.ids, tokenizer.vocab_size)
    known[[*tokenizer.never_ids, tokenizer.unknown_id, tokenizer.sentence_end_id]] = True
    merged_pairs = tokenizer.merged_pairs()
    if merged_pairs is not None:
        known |= _parts_of(known, merged_pairs)
    leaked = np.zeros_like(known)
    for store in texts.held_out.values():
        leaked |= _seen(store.ids, tokenizer.vocab_size) & ~known
    return np.flatnonzero(leaked)


def _texts(subject: Subject) -> RunTexts:
    texts = subject.texts
    if texts is None:
        raise NotApplicable("there is no run folder with the encoded texts beside the model")
    if not texts.held_out:
        raise NotApplicable("the run has neither validation nor test text")
    if texts.is_vocabulary_given:
        raise NotApplicable(
            "the vocabulary is that of the model the training went on from, or holds words of "
            "pretrained vectors"
        )
    if not texts.tokenizer.has_learned_vocabulary:
        raise NotApplicable("the 256 bytes are given; there is nothing to learn them from")
    return texts


def _seen(
    token_ids: UInt[np.ndarray, " num_tokens"], vocab_size: int
) -> Bool[np.ndarray, " vocab_size"]:
    """Say which ids occur; looks through a part at a time, as texts may be larger than memory."""
    seen = np.zeros(vocab_size, dtype=np.bool_)
    for start in range(0, len(token_ids), _SCAN_TOKENS):
        seen[token_ids[start : start + _SCAN_TOKENS]] = True
    return seen


def _parts_of(
    known: Bool[np.ndarray, " vocab_size"], merged_pairs: dict[int, tuple[int, int]]
) -> Bool[np.ndarray, " vocab_size"]:
    """Say which byte-pair tokens the known ones were merged from, and which are single bytes.

    A token that every time went on to be merged is learnt from the text but stands nowhere in it.
    """
    parts = known.copy()
    parts[[number for number in range(len(known)) if number not in merged_pairs]] = True
    # Backwards: a merge comes after those that made its parts.
    for token, pair in reversed(merged_pairs.items()):
        if parts[token]:
            parts[list(pair)] = True
    return parts
