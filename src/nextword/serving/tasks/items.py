"""Limits of what the model of a task is given in one request."""

from collections.abc import Sequence

from nextword.serving.context import Context
from nextword.serving.http import ApiError


def require_words(context: Context, param: str, *, items: Sequence[Sequence[str]]) -> None:
    """Refuse items without a word, and too many items or words.

    Args:
        context: The limits.
        param: Field of the request.
        items: The words of each item.

    Raises:
        ApiError: An item has no word, or a limit is exceeded.
    """
    context.require_at_most(f"number of {param}", len(items), limit="max_prompts")
    num_words = sum(len(words) for words in items)
    context.require_at_most(f"number of words of {param}", num_words, limit="max_prompt_tokens")
    for number, words in enumerate(items):
        if not any(word.strip() for word in words):
            raise ApiError(f"{param}.{number} has no word.", param=f"{param}.{number}")
        if not all(word.strip() for word in words):
            raise ApiError(f"{param}.{number} has an empty word.", param=f"{param}.{number}")
