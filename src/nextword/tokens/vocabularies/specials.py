"""The four tokens that no text spells: their ids and names, the same for every tokenizer."""

import re

PAD_ID = 0
UNKNOWN_ID = 1
SENTENCE_START_ID = 2
SENTENCE_END_ID = 3

#: Names in the order of their ids.
SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
NUM_SPECIAL_TOKENS = len(SPECIAL_TOKENS)
UNKNOWN_TOKEN = SPECIAL_TOKENS[UNKNOWN_ID]

#: Half a surrogate pair: a byte that was not UTF-8 (U+DC80 to U+DCFF), or a broken JSON escape.
SURROGATE = re.compile("[\ud800-\udfff]")
