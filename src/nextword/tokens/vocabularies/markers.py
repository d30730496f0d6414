r"""Refuse or remove reserved symbols in a text. Knows nothing of vocabularies.

`<s>`, `</s>` and `<pad>` are special tokens of a word tokenizer, whose ids no text may produce. A
text prepared for another toolkit may contain them at the start or end of its lines. If they counted
as unknown words they would be easy to predict, and the perplexity would be too low. KenLM's `lmplz`
refuses such texts as well.
"""

import re
from typing import Literal

from nextword.base import DataError
from nextword.tokens.vocabularies.specials import SPECIAL_TOKENS, UNKNOWN_TOKEN
from nextword.tokens.vocabularies.words import WORD_SEPARATORS

#: How reserved symbols in a text are handled; see `TokenizerConfig`.
Markers = Literal["refuse", "strip", "skip"]

#: Words that no text may contain. A literal `<unk>` is handled by `closed` instead.
RESERVED_WORDS = tuple(name for name in SPECIAL_TOKENS if name != UNKNOWN_TOKEN)

_BLANKS = "".join(f"\\x{ord(separator):02x}" for separator in WORD_SEPARATORS if separator != "\n")
_BLANK = f"[{_BLANKS}]"
_MARKER = f"(?:{'|'.join(RESERVED_WORDS)})"
_ENDS_HERE = rf"(?![^{_BLANKS}\n])"

#: Patterns with the same meaning in Python and in Oniguruma, which Hugging Face uses.
AT_LINE_START = rf"(?<![^\n]){_BLANK}*(?:{_MARKER}(?:{_BLANK}+|(?![^\n])))+"
AT_LINE_END = rf"(?<!{_BLANK})(?:{_BLANK}+{_MARKER})+{_BLANK}*(?![^\n])"
INSIDE_LINE = rf"(?<![^{_BLANKS}\n]){_MARKER}{_ENDS_HERE}{_BLANK}*"

#: Patterns that each setting removes, in this order.
REMOVED: dict[Markers, tuple[str, ...]] = {
    "refuse": (),
    "strip": (AT_LINE_START, AT_LINE_END),
    "skip": (AT_LINE_START, AT_LINE_END, INSIDE_LINE),
}
_COMPILED = {setting: tuple(map(re.compile, patterns)) for setting, patterns in REMOVED.items()}
_INSIDE_LINE = re.compile(INSIDE_LINE)

_HELP: dict[Markers, str] = {
    "refuse": "For training, remove them at both ends of lines with --set tokenizer.markers=strip, "
    "or everywhere with --set tokenizer.markers=skip. For a model that is already trained, remove "
    "them from the text.",
    "strip": "tokenizer.markers=strip removes them only at both ends of lines. To remove them "
    "everywhere train with --set tokenizer.markers=skip, or remove them from the text.",
    "skip": "",
}


def remove_markers(text: str, markers: Markers, *, name: str, first_line: int = 1) -> str:
    r"""Return a text without the reserved symbols that the setting removes.

    Args:
        text: The text.
        markers: The setting.
        name: Name of the text in error messages.
        first_line: Number of its first line.

    Raises:
        DataError: The text contains a reserved symbol that the setting does not remove; the
            message names the line.

    Example:
        >>> remove_markers("<s> the cat </s>\n", "strip", name="example")
        'the cat\n'
    """
    # Searching for a string is many times faster than matching a pattern.
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
        f"{name}, line {line:,}: the text contains {word!r}, which is a reserved symbol.",
        help=_HELP[markers],
    )
