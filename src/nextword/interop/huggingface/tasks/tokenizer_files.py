"""The tokenizer of a tagger or classifier for transformers: how a text is split, and its words."""

from typing import Any

import tokenizers
from tokenizers import pre_tokenizers

from nextword.interop.huggingface.tasks.registration import import_task_classes
from nextword.tasks.encoding import TokenVocabulary

#: The characters that Python splits text at.
_BLANKS = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: What `\w` is in Python.
_LETTERS = r"[\p{L}\p{N}_]"
_PATTERNS = {
    "blanks": f"[^{_BLANKS}]+",
    "characters": f"[^{_BLANKS}]",
    "punctuation": (
        f"{_LETTERS}+(?:[-'\u2019.,]{_LETTERS}+)*|['\u2019]{_LETTERS}+"
        rf"|[^\p{{L}}\p{{N}}_{_BLANKS}]"
    ),
}


def task_tokenizer(
    vocabulary: TokenVocabulary,
    *,
    split: str,
    characters: bool,
    ngrams: dict[str, int] | None = None,
    max_words: int | None = None,
) -> Any:
    """Return a `NextwordTaskTokenizer`.

    Args:
        vocabulary: Words and characters.
        split: How a text is split into words: `blanks`, `punctuation` or `characters`.
        characters: Whether the model reads characters.
        ngrams: Arguments of `ngram_ids`; None for a model without n-gram features.
        max_words: Number of words from which a text is cut; None for no limit.
    """
    padding, unknown = (_free_name(name, vocabulary.words) for name in ("<pad>", "<unk>"))
    words = {word: number for number, word in enumerate([padding, unknown, *vocabulary.words])}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=unknown))
    backend.pre_tokenizer = pre_tokenizers.Split(
        tokenizers.Regex(_PATTERNS[split]), behavior="removed", invert=True
    )
    return import_task_classes().NextwordTaskTokenizer(
        tokenizer_object=backend,
        pad_token=padding,
        unk_token=unknown,
        clean_up_tokenization_spaces=False,
        # A literal `<pad>` in a text is text.
        split_special_tokens=True,
        model_input_names=["input_ids", "attention_mask"],
        lowercase=vocabulary.lowercase,
        normalize_digits=vocabulary.normalize_digits,
        known_characters="".join(vocabulary.characters) if characters else "",
        ngrams=ngrams or {},
        max_words=max_words,
        **({} if max_words is None else {"model_max_length": max_words}),
    )


def _free_name(name: str, words: tuple[str, ...]) -> str:
    """Return a name that is no word of the vocabulary."""
    while name in words:
        name = f"<{name}>"
    return name
