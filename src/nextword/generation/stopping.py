"""Truncation of streamed text before a stop string, even if the string arrives in pieces."""

from collections.abc import Sequence

from nextword.base import ConfigError


class StopScanner:
    """Passes text through up to the first stop string; buffers text that may be the start of one.

    The output does not depend on how the text is split into pieces. The stop string that ends first
    is used; if several end at the same place, the longest of them.

    Args:
        stop: The stop strings, or one; without any, no text is buffered.

    Raises:
        ConfigError: A stop string is empty.

    Example:
        >>> scanner = StopScanner(["END"])
        >>> scanner.feed("one E"), scanner.feed("gg EN"), scanner.feed("D two"), scanner.is_stopped
        ('one ', 'Egg ', '', True)
    """

    def __init__(self, stop: str | Sequence[str]) -> None:
        stop = (stop,) if isinstance(stop, str) else stop
        if "" in stop:
            raise ConfigError("a stop string is empty.", help="Leave it out.")
        # A stop string that contains another one before its last character never ends first.
        self._stop = tuple(word for word in stop if not any(other in word[:-1] for other in stop))
        self._held = ""
        self.is_stopped = False

    def feed(self, text: str) -> str:
        """Add text, and return the text that is now known to come before any stop string."""
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
        """Return the buffered text; call it at the end of the input."""
        held, self._held = self._held, ""
        return held

    def _first_stop(self, text: str) -> int | None:
        """Return the start of the stop string that ends first; None if there is none."""
        found = [(text.find(stop), len(stop)) for stop in self._stop]
        spans = [(start + length, start) for start, length in found if start >= 0]
        return min(spans)[1] if spans else None

    def _num_held(self, text: str) -> int:
        """Return the length of the longest suffix of the text that is a prefix of a stop string."""
        longest = max((len(stop) for stop in self._stop), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0
