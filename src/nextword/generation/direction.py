"""Errors for requests that a backward model cannot answer. Knows nothing of models."""

from nextword.base import ConfigError
from nextword.tokens import Tokenizer

_REASON = "the model reads each line backward (tokenizer.direction is 'backward')"
_SHOWN_CHARACTERS = 40


def require_forward(tokenizer: Tokenizer) -> None:
    """Raise an error if a model predicts the previous token instead of the next one.

    Raises:
        ConfigError: The tokenizer is a backward one.
    """
    if tokenizer.is_backward:
        raise ConfigError(
            f"{_REASON}, so it predicts the previous token, not the next one.",
            help="Use a model trained with tokenizer.direction=forward. A backward model can "
            "score, evaluate and generate whole lines.",
        )


def require_continuable(tokenizer: Tokenizer, prompt: str) -> None:
    """Raise an error if a backward model would have to continue an unfinished line.

    Args:
        tokenizer: The tokenizer of the model.
        prompt: The text to continue.

    Raises:
        ConfigError: The tokenizer is a backward one, and the prompt does not end in a newline.
    """
    line = prompt.rpartition("\n")[2]
    if tokenizer.is_backward and line:
        raise ConfigError(
            f"{_REASON}, so it cannot continue the unfinished line {line[:_SHOWN_CHARACTERS]!r} "
            "at the end of the prompt.",
            help="End the prompt with a newline, or leave it out: the model then generates whole "
            "lines.",
        )
