"""Check that decoding the tokens returns the text. Knows nothing of models.

A tokenizer that lower-cases a text, or drops part of it, leaves the model less to predict than the
text contains.
"""

from nextword.evaluation.audit.subject import NotApplicable, Subject
from nextword.tokens import NUM_SPECIAL_TOKENS

_WORDS_TRIED = slice(NUM_SPECIAL_TOKENS, 1000)

#: Characters that tokenizers tend to drop, in forms that Unicode NFC normalization does not change.
PROBE = (
    "The LAST caf\u00e9,  said Zo\u00eb:\n\tit's (not) \u65e5\u672c -- \u00bd price!\n\nNo. 42\n"
)


def round_trip(subject: Subject) -> float:
    """Return the number of characters that encoding drops.

    Counts characters of the audited text if there is one, otherwise of a probe string. A word
    tokenizer must keep the words, but not the white space between them.

    Raises:
        NotApplicable: No tokenizer was given.
    """
    tokenizer = subject.tokenizer
    if tokenizer is None:
        raise NotApplicable("no tokenizer was given")
    if tokenizer.is_word_level:
        words = map(tokenizer.token_text, range(tokenizer.vocab_size)[_WORDS_TRIED])
        return float(tokenizer.count_lost(" ".join(words) + "\n"))
    lost = subject.num_characters_lost
    if lost is not None and not tokenizer.is_lossless:
        return float(lost)
    known = (sign for sign in PROBE if not tokenizer.encode(sign).unknown.any())
    return float(tokenizer.count_lost("".join(known)) + (lost or 0))
