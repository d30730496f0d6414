"""Simulated typing of lines, with a number of suggested words (slots) after each keystroke.

The counting is that of `keystroke_savings.py` in textpredict: see `measure_typing`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nextword.base import DataError
from nextword.generation import CacheConfig, TypingSession
from nextword.keyboard.report import TypingReport
from nextword.keyboard.typed_text import TextForm, typed_words
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

#: Numbers of suggestions that are compared.
SLOTS = (1, 3, 5)


@dataclass(kw_only=True)
class _Tally:
    """Counts over all typed lines."""

    num_lines: int = 0
    num_words: int = 0
    num_unknown: int = 0
    num_characters: int = 0
    num_first: int = 0
    num_among_three: int = 0
    num_list_keystrokes: int = 0
    keystrokes: dict[int, int] = field(default_factory=lambda: dict.fromkeys(SLOTS, 0))
    latencies: list[float] = field(default_factory=list)
    cpu_times: list[float] = field(default_factory=list)


def measure_typing(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    lines: Iterable[str],
    form: TextForm = "unchanged",
    cache: CacheConfig | None = None,
    max_evaluations: int = 32,
    name: str = "",
    model_bytes: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> TypingReport:
    """Type lines and count keystrokes with 1, 3 and 5 suggestions.

    Before every keystroke inside a word, the simulated user accepts the word if it is suggested.
    That is one keystroke; it completes the word and includes the blank after it. Otherwise the user
    types the next letter, and a blank after the last one. No blank follows the last word of a line.
    The savings are 1 - keystrokes / characters, where the characters include the blanks between
    words. Every line starts from the initial state; a model whose tokens include the line end first
    reads a line end. The cache keeps its words from line to line.

    The ceilings are those of perfect prediction: every word costs one keystroke; or every word that
    the model can predict does, and the others are typed in full.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        lines: The lines to type.
        form: The form in which they are typed.
        cache: Settings of a cache of recent words; no cache when None.
        max_evaluations: Limit of one search; see `TypingSession`.
        name: Name of the model in the report.
        model_bytes: Size of the model's files in the report.
        on_progress: Called with the number of lines done.

    Raises:
        DataError: There is no word to type.

    Source: [trnka2008], [textpredict].
    """
    started = time.perf_counter()
    session = TypingSession(model, tokenizer, cache=cache, max_evaluations=max_evaluations)
    context = _line_start(tokenizer)
    tally = _Tally()
    for number, line in enumerate(lines, start=1):
        words = typed_words(line, form)
        if words:
            session.reset(context)
            _type_line(session, words, tally)
        if on_progress is not None:
            on_progress(number)
    if not tally.num_words:
        raise DataError("the text has no word to type.", help="Check the file given as --text.")
    return _report(
        tally,
        model=name,
        family=model.family,
        tokenizer=tokenizer.description,
        cache=cache,
        model_bytes=model_bytes,
        seconds=time.perf_counter() - started,
    )


def _line_start(tokenizer: Tokenizer) -> str:
    """Return the text that a model reads before a line."""
    if tokenizer.has_line_end_token or tokenizer.encode("\n").unknown.any():
        return ""
    return "\n"


def _type_line(session: TypingSession, words: Sequence[str], tally: _Tally) -> None:
    tally.num_lines += 1
    tally.num_characters += sum(map(len, words)) + len(words) - 1
    for number, word in enumerate(words):
        num_blanks = int(number < len(words) - 1)
        accepted = _type_word(session, word, is_first=number == 0, tally=tally)
        in_full = len(word) + num_blanks
        for slots in SLOTS:
            letters = accepted.get(slots)
            tally.keystrokes[slots] += in_full if letters is None else letters + 1
        is_known = session.has_word(word)
        tally.num_words += 1
        tally.num_unknown += not is_known
        tally.num_list_keystrokes += 1 if is_known else in_full
    # The cache also learns the last word of a line.
    session.type("\n")


def _type_word(
    session: TypingSession, word: str, *, is_first: bool, tally: _Tally
) -> dict[int, int]:
    """Type a word until it is the first suggestion, then accept it.

    Returns:
        Number of letters typed before the word is suggested, by number of slots; without the
        numbers of slots for which it is never suggested.
    """
    accepted: dict[int, int] = {}
    for num_letters in range(len(word)):
        typed = word[num_letters - 1] if num_letters else "" if is_first else " "
        suggested = _suggestions_after(session, typed, tally)
        if num_letters == 0:
            tally.num_first += word in suggested[:1]
            tally.num_among_three += word in suggested[:3]
        for slots in SLOTS:
            if word in suggested[:slots]:
                accepted.setdefault(slots, num_letters)
        if len(accepted) == len(SLOTS):
            break
    session.type(word[len(session.partial_word) :])
    return accepted


def _suggestions_after(session: TypingSession, typed: str, tally: _Tally) -> list[str]:
    started, cpu_started = time.perf_counter(), time.process_time()
    session.type(typed)
    suggested = session.suggestions(max(SLOTS))
    tally.cpu_times.append(time.process_time() - cpu_started)
    tally.latencies.append(time.perf_counter() - started)
    return [word for word, _ in suggested]


def _report(
    tally: _Tally,
    *,
    model: str,
    family: str,
    tokenizer: str,
    cache: CacheConfig | None,
    model_bytes: int | None,
    seconds: float,
) -> TypingReport:
    median, high = np.percentile(np.array(tally.latencies) * 1000.0, [50.0, 99.0])
    return TypingReport(
        model=model,
        family=family,
        tokenizer=tokenizer,
        cache=cache,
        num_lines=tally.num_lines,
        num_words=tally.num_words,
        num_characters=tally.num_characters,
        num_keystrokes=dict(tally.keystrokes),
        top_1=tally.num_first / tally.num_words,
        top_3=tally.num_among_three / tally.num_words,
        unknown_rate=tally.num_unknown / tally.num_words,
        ceiling=1.0 - tally.num_words / tally.num_characters,
        ceiling_word_list=1.0 - tally.num_list_keystrokes / tally.num_characters,
        num_searches=len(tally.latencies),
        latency_p50_ms=float(median),
        latency_p99_ms=float(high),
        cpu_p99_ms=float(np.percentile(tally.cpu_times, 99.0)) * 1000.0,
        model_bytes=model_bytes,
        seconds=seconds,
    )
