"""Cutting streamed text before a stop string, also when that arrives in pieces."""

from collections.abc import Sequence

from nextword.base import ConfigError


class StopScanner:
    """Lets text through until a stop string is complete; holds back what may be the start of one.

    What it lets through does not depend on how the text is cut into pieces: the stop string that
    is complete first counts, and of several complete at once the longest.

    Args:
        stop: The stop strings; with none, all text passes at once.

    Raises:
        ConfigError: A stop string is empty.

    Example:
        >>> scanner = StopScanner(["END"])
        >>> scanner.feed("one E"), scanner.feed("gg EN"), scanner.feed("D two"), scanner.is_stopped
        ('one ', 'Egg ', '', True)
    """

    def __init__(self, stop: Sequence[str]) -> None:
        if "" in stop:
            raise ConfigError("a stop string is empty.", help="Leave it out, or give some text.")
        self._stop = tuple(stop)
        self._held = ""
        self.is_stopped = False

    def feed(self, text: str) -> str:
        """Take more text; give what is now certain to stand before any stop string."""
        if self.is_stopped:
            return ""
        text = self._held + text
        start = self._first_stop(text)
        if start is not None:
            self.is_stopped = True
            self._held = ""
            return text[:start]
        certain = len(text) - self._num_held(text)
        self._held = text[certain:]
        return text[:certain]

    def flush(self) -> str:
        """Give what was held back, once no more text comes."""
        held, self._held = self._held, ""
        return held

    def _first_stop(self, text: str) -> int | None:
        """Where the stop string begins that is complete first, or None."""
        found = [(text.find(stop), len(stop)) for stop in self._stop]
        spans = [(start + length, start) for start, length in found if start >= 0]
        return min(spans)[1] if spans else None

    def _num_held(self, text: str) -> int:
        """Length of the longest end of the text that begins a stop string."""
        longest = max((len(stop) for stop in self._stop), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0
