"""Completion of the partial word at the end of a text."""

from nextword.generation.completion.typing_session import TypingSession
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

#: The search of `complete` is not interactive, so it may evaluate many tokens.
_MAX_EVALUATIONS = 4000


def complete(
    model: LanguageModel, tokenizer: Tokenizer, *, context: str, k: int = 5
) -> list[tuple[str, float]]:
    """Return the most probable completions of the partial word at the end of a context.

    The probability of a completion is P(word | words before it): the probability that the model
    assigns to exactly this word after the text before the partial word. The typed letters only
    select words; the probabilities are not renormalized. If the context is empty or ends in white
    space, whole words are predicted. See `TypingSession.suggestions`.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        context: The text so far; its last word is completed.
        k: Maximum number of completions, at least 1.

    Returns:
        Pairs of the whole word and its probability, most probable first.

    Raises:
        ConfigError: k is below 1, or the model reads lines backward.
        DataError: The context cannot be encoded.
        DivergedError: The model returns NaN.
    """
    session = TypingSession(model, tokenizer, context=context, max_evaluations=_MAX_EVALUATIONS)
    return session.suggestions(k)
