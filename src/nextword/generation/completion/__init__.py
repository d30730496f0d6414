"""Completion of words while they are typed: whole words with their probabilities."""

from nextword.generation.completion.complete import complete
from nextword.generation.completion.recent_words import CacheConfig, RecentWords
from nextword.generation.completion.typing_session import TypingSession

__all__ = ["CacheConfig", "RecentWords", "TypingSession", "complete"]
