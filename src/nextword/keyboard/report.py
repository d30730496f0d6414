"""The result of simulated typing."""

from dataclasses import asdict, dataclass
from typing import Any

from nextword.generation import CacheConfig


@dataclass(frozen=True, kw_only=True)
class TypingReport:
    """What the suggestions of one model saved. Shares are from 0 to 1.

    Attributes:
        model: Name of the model.
        family: Family of the model.
        tokenizer: Description of its tokenizer.
        cache: Settings of the cache of recent words; None without a cache.
        num_lines: Number of typed lines.
        num_words: Number of typed words.
        num_characters: Number of characters of the lines, with the blanks between words.
        num_keystrokes: Number of keystrokes by the number of slots.
        top_1: Share of words that are the first suggestion before a letter is typed.
        top_3: Share of words that are one of the first three suggestions before a letter is typed.
        unknown_rate: Share of words that the model cannot predict.
        ceiling: Savings if every word is the first suggestion before a letter is typed.
        ceiling_word_list: The same if words that the model cannot predict are typed in full.
        num_searches: Number of lists of suggestions that were computed.
        latency_p50_ms: Median time from a keystroke to the next suggestions, in milliseconds.
        latency_p99_ms: The 99th percentile of this time.
        cpu_p99_ms: The 99th percentile of the processor time of all threads in this time. It does
            not include waiting for other programs.
        model_bytes: Size of the model's files, in bytes; None if unknown.
        seconds: Duration of the simulation.
    """

    model: str
    family: str
    tokenizer: str
    cache: CacheConfig | None
    num_lines: int
    num_words: int
    num_characters: int
    num_keystrokes: dict[int, int]
    top_1: float
    top_3: float
    unknown_rate: float
    ceiling: float
    ceiling_word_list: float
    num_searches: int
    latency_p50_ms: float
    latency_p99_ms: float
    cpu_p99_ms: float
    model_bytes: int | None
    seconds: float

    def savings(self, num_slots: int) -> float:
        """Return the share of keystrokes saved with a number of slots.

        Args:
            num_slots: 1, 3 or 5.
        """
        return 1.0 - self.num_keystrokes[num_slots] / self.num_characters

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, with the savings."""
        values = asdict(self)
        savings = {str(slots): self.savings(slots) for slots in self.num_keystrokes}
        return values | {
            "adaptation": None if self.cache is None else "cache",
            "num_keystrokes": {str(slots): n for slots, n in self.num_keystrokes.items()},
            "keystroke_savings": savings,
        }
