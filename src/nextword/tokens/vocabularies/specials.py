"""The four special tokens: ids and names, the same for every `VocabularyTokenizer`."""

import re

PAD_ID = 0
UNKNOWN_ID = 1
SENTENCE_START_ID = 2
SENTENCE_END_ID = 3

#: Names in the order of their ids.
SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
NUM_SPECIAL_TOKENS = len(SPECIAL_TOKENS)
UNKNOWN_TOKEN = SPECIAL_TOKENS[UNKNOWN_ID]

#: A lone surrogate: a byte that is not UTF-8 (U+DC80 to U+DCFF), or an invalid JSON escape.
SURROGATE = re.compile("[\ud800-\udfff]")
