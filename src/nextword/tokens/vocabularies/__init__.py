"""Vocabularies: special tokens, word separators, reserved symbols and the `tokenizer.json` format.

Nothing here encodes a text.
"""

from nextword.tokens.vocabularies.layout import (
    LINE_PART_CHARACTERS,
    LONGEST_PRETOKEN_BYTES,
    Direction,
    TokenizerKind,
    Vocabulary,
    add_parts,
    build,
    byte_alphabet,
)
from nextword.tokens.vocabularies.markers import Markers, remove_markers
from nextword.tokens.vocabularies.merges import merged_pairs
from nextword.tokens.vocabularies.specials import (
    NUM_SPECIAL_TOKENS,
    PAD_ID,
    SENTENCE_END_ID,
    SENTENCE_START_ID,
    SPECIAL_TOKENS,
    SURROGATE,
    UNKNOWN_ID,
    UNKNOWN_TOKEN,
)
from nextword.tokens.vocabularies.tokenizer_json import read_vocabulary, write_vocabulary
from nextword.tokens.vocabularies.vocabulary_spec import VocabularySpec
from nextword.tokens.vocabularies.word_split import (
    Split,
    TextSplitter,
    count_gaps_lost,
    is_blank_between,
    lowered,
)
from nextword.tokens.vocabularies.words import (
    LATEST_LAYOUT,
    WORD_SEPARATORS,
    Layout,
    count_words,
    fold_word,
    split_words,
    unfold_word,
    word_separators,
)

__all__ = [
    "LATEST_LAYOUT",
    "LINE_PART_CHARACTERS",
    "LONGEST_PRETOKEN_BYTES",
    "NUM_SPECIAL_TOKENS",
    "PAD_ID",
    "SENTENCE_END_ID",
    "SENTENCE_START_ID",
    "SPECIAL_TOKENS",
    "SURROGATE",
    "UNKNOWN_ID",
    "UNKNOWN_TOKEN",
    "WORD_SEPARATORS",
    "Direction",
    "Layout",
    "Markers",
    "Split",
    "TextSplitter",
    "TokenizerKind",
    "Vocabulary",
    "VocabularySpec",
    "add_parts",
    "build",
    "byte_alphabet",
    "count_gaps_lost",
    "count_words",
    "fold_word",
    "is_blank_between",
    "lowered",
    "merged_pairs",
    "read_vocabulary",
    "remove_markers",
    "split_words",
    "unfold_word",
    "word_separators",
    "write_vocabulary",
]
