"""Check that the vocabulary was built from the training text alone. Knows nothing of models.

A vocabulary entry that occurs only in held-out text was taken from there. The model then scores a
word that should be out-of-vocabulary as a known word, and the perplexity is not that of new text.
"""

import numpy as np
from jaxtyping import Bool, Int64, UInt

from nextword.evaluation.audit.run_texts import RunTexts
from nextword.evaluation.audit.subject import NotApplicable, Subject

_SCAN_TOKENS = 1 << 22
_NUM_SHOWN = 5


def vocabulary_leak(subject: Subject) -> float:
    """Return the number of vocabulary entries that occur only in held-out texts.

    Raises:
        NotApplicable: There are no such texts, or the vocabulary was not built from a text.
    """
    return float(len(leaked_ids(_texts(subject))))


def leaked_types(subject: Subject) -> str:
    """Return a message with up to 5 of the leaked vocabulary entries."""
    texts = _texts(subject)
    leaked = leaked_ids(texts)
    shown = [repr(texts.tokenizer.token_text(int(token_id))) for token_id in leaked[:_NUM_SHOWN]]
    more = ", ..." if len(leaked) > _NUM_SHOWN else ""
    return f"not in the training text: {', '.join(shown)}{more}"


def leaked_ids(texts: RunTexts) -> Int64[np.ndarray, " num_leaked"]:
    """Return the ids that occur in a held-out text and cannot come from the training text."""
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
        raise NotApplicable("there is no run folder with the encoded texts of the model")
    if not texts.held_out:
        raise NotApplicable("the run has neither validation nor test text")
    if texts.is_vocabulary_given:
        raise NotApplicable(
            "the vocabulary is that of the model that training started from, or contains words of "
            "pretrained vectors"
        )
    if not texts.tokenizer.has_learned_vocabulary:
        raise NotApplicable("a byte tokenizer has a fixed vocabulary of 256 bytes")
    return texts


def _seen(
    token_ids: UInt[np.ndarray, " num_tokens"], vocab_size: int
) -> Bool[np.ndarray, " vocab_size"]:
    """Return a mask of the ids that occur; reads in blocks, as a text may be larger than memory."""
    seen = np.zeros(vocab_size, dtype=np.bool_)
    for start in range(0, len(token_ids), _SCAN_TOKENS):
        seen[token_ids[start : start + _SCAN_TOKENS]] = True
    return seen


def _parts_of(
    known: Bool[np.ndarray, " vocab_size"], merged_pairs: dict[int, tuple[int, int]]
) -> Bool[np.ndarray, " vocab_size"]:
    """Return a mask of the known BPE tokens, all tokens they were merged from, and single bytes.

    A token that is always merged further comes from the training text but does not occur in it.
    """
    parts = known.copy()
    parts[[number for number in range(len(known)) if number not in merged_pairs]] = True
    # In reverse order, because a merge comes after the merges that produce its parts.
    for token, pair in reversed(merged_pairs.items()):
        if parts[token]:
            parts[list(pair)] = True
    return parts
