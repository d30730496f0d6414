r"""Reserved symbols in a user's text: refused, or taken out. Knows nothing of vocabularies.

`<s>`, `</s>` and `<pad>` are no words: a word tokenizer has ids for them that no text may produce.
A text that was prepared for another toolkit may carry them at the edges of its lines. Counted as
unknown words they would be easy to predict, and make a perplexity look better than it is. KenLM's
`lmplz` refuses such texts as well.
"""

import re
from typing import Literal

from nextword.base import DataError
from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS, UNKNOWN_TOKEN
from nextword.tokens.vocabularies.words import WORD_SEPARATORS

#: What becomes of reserved symbols in a text; see `TokenizerConfig`.
Markers = Literal["refuse", "strip", "skip"]

#: Words that no text may hold. A literal `<unk>` is settled by `closed` instead.
RESERVED_WORDS = tuple(name for name in SPECIAL_TOKENS if name != UNKNOWN_TOKEN)

_BLANKS = "".join(f"\\x{ord(separator):02x}" for separator in WORD_SEPARATORS if separator != "\n")
_BLANK = f"[{_BLANKS}]"
_MARKER = f"(?:{'|'.join(RESERVED_WORDS)})"
_ENDS_HERE = rf"(?![^{_BLANKS}\n])"

#: Patterns that Python and the Oniguruma of Hugging Face read alike.
AT_LINE_START = rf"(?<![^\n]){_BLANK}*(?:{_MARKER}(?:{_BLANK}+|(?![^\n])))+"
AT_LINE_END = rf"(?<!{_BLANK})(?:{_BLANK}+{_MARKER})+{_BLANK}*(?![^\n])"
INSIDE_LINE = rf"(?<![^{_BLANKS}\n]){_MARKER}{_ENDS_HERE}{_BLANK}*"

#: What `strip` and `skip` remove, in this order.
REMOVED: dict[Markers, tuple[str, ...]] = {
    "refuse": (),
    "strip": (AT_LINE_START, AT_LINE_END),
    "skip": (AT_LINE_START, AT_LINE_END, INSIDE_LINE),
}
_COMPILED = {setting: tuple(map(re.compile, patterns)) for setting, patterns in REMOVED.items()}
_INSIDE_LINE = re.compile(INSIDE_LINE)

_HELP: dict[Markers, str] = {
    "refuse": "Take them off at both ends of lines with --set tokenizer.markers=strip, or out of "
    "the text everywhere with --set tokenizer.markers=skip, when training; for a model that is "
    "trained already, remove them from the text.",
    "strip": "tokenizer.markers=strip takes them off at the ends of lines only. To leave them out "
    "everywhere train with --set tokenizer.markers=skip, or remove them from the text.",
    "skip": "",
}


def remove_markers(text: str, markers: Markers, *, name: str, first_line: int = 1) -> str:
    r"""Return a text without the reserved symbols that the setting removes.

    Args:
        text: Any text.
        markers: The setting.
        name: What the text is called in the error.
        first_line: The number of its first line.

    Raises:
        DataError: A reserved symbol is left; the message names the line.

    Example:
        >>> remove_markers("<s> the cat </s>\n", "strip", name="example")
        'the cat\n'
    """
    # Searching for plain text is many times faster than for a pattern.
    if not any(word in text for word in RESERVED_WORDS):
        return text
    for pattern in _COMPILED[markers]:
        text = pattern.sub("", text)
    found = _INSIDE_LINE.search(text)
    if found is None:
        return text
    line = first_line + text.count("\n", 0, found.start())
    word = found.group().rstrip(WORD_SEPARATORS)
    raise DataError(
        f"{name}, line {line:,}: the text holds {word!r}, which is a reserved symbol and no word.",
        help=_HELP[markers],
    )
