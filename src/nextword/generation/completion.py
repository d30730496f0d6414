"""Completion of a partial word. Uses tokenizers and models; does not depend on terminals."""

import math

import numpy as np

from nextword.base import require_range
from nextword.generation.direction import require_forward
from nextword.generation.generate import generate_from
from nextword.generation.sampling import SamplingConfig
from nextword.generation.session import Session
from nextword.generation.text import next_tokens
from nextword.models import LanguageModel
from nextword.tokens import WORD_SEPARATORS, Tokenizer

_BLANKS = WORD_SEPARATORS
#: A longer word is cut after this number of tokens.
_MAX_TOKENS = 24


def complete_word(
    model: LanguageModel, tokenizer: Tokenizer, *, context: str, k: int = 5
) -> list[tuple[str, float]]:
    """Return the most probable completions of the last, partial word of a context.

    With a word tokenizer, the completions are the words of the vocabulary that start with the
    partial word. Their probabilities are those of the model after the preceding words; they are not
    renormalized. With other tokenizers, the model continues the partial word: each of the k most
    probable next tokens is extended greedily up to the next blank. The probability of a completion
    is the product over these tokens. If the context ends in a blank, whole words are predicted.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        context: The text so far; its last word is completed.
        k: Maximum number of completions, at least 1.

    Returns:
        Pairs of the whole word and its probability, most probable first.

    Raises:
        ConfigError: k is below 1, or the model reads lines backward.
    """
    require_forward(tokenizer)
    require_range("k", k, low=1)
    start = _word_start(context)
    if not tokenizer.is_word_level:
        return _continued(model, tokenizer, context=context, partial=context[start:], k=k)
    if start == len(context):
        return next_tokens(model, tokenizer, context=context, k=k)
    return _among_known(model, tokenizer, before=context[:start], partial=context[start:], k=k)


def _word_start(context: str) -> int:
    return 1 + max(context.rfind(blank) for blank in _BLANKS)


def _among_known(
    model: LanguageModel, tokenizer: Tokenizer, *, before: str, partial: str, k: int
) -> list[tuple[str, float]]:
    session = Session(model)
    session.feed([tokenizer.encode(before).ids.tolist()])
    log_probs = session.log_probs[0]
    left_out = {*tokenizer.banned_ids, *model.never_ids, tokenizer.sentence_end_id}
    found = [
        (tokenizer.token_text(token_id), math.exp(float(log_probs[token_id])))
        for token_id in range(tokenizer.vocab_size)
        if token_id not in left_out and tokenizer.token_text(token_id).startswith(partial)
    ]
    return _most_probable(found, k)


def _continued(
    model: LanguageModel, tokenizer: Tokenizer, *, context: str, partial: str, k: int
) -> list[tuple[str, float]]:
    session = Session(model)
    session.feed([tokenizer.encode(context).ids.tolist()])
    left_out = [*tokenizer.banned_ids, *model.never_ids]
    scores = session.log_probs[0].numpy().copy()
    scores[left_out] = -np.inf
    first_ids = np.argsort(-scores, kind="stable")[:k].tolist()
    words: dict[str, float] = {}
    for first_id in first_ids:
        ids, log_prob = _to_the_blank(session.fork(), tokenizer, first_id=first_id, partial=partial)
        word = _until_blank(partial, tokenizer.decode(ids))
        probability = math.exp(float(scores[first_id]) + log_prob)
        words[word] = words.get(word, 0.0) + probability
    return _most_probable([(word, share) for word, share in words.items() if share > 0.0], k)


def _to_the_blank(
    session: Session, tokenizer: Tokenizer, *, first_id: int, partial: str
) -> tuple[list[int], float]:
    """Extend a first token greedily, up to and including the first token with a blank.

    Returns:
        The ids, including the first one, and the log-probability of those after it, in nats.
    """
    ids, log_prob = [first_id], 0.0
    if _has_end(tokenizer, first_id, is_new=not partial):
        return ids, log_prob
    session.feed([[first_id]])
    for token in generate_from(
        session,
        max_tokens=_MAX_TOKENS,
        config=SamplingConfig(temperature=0.0),
        banned_ids=tokenizer.banned_ids,
        stop=lambda _, token_id: _has_end(tokenizer, token_id),
    ):
        ids.append(token.token_id)
        log_prob += token.log_prob
    return ids, log_prob


def _has_end(tokenizer: Tokenizer, token_id: int, *, is_new: bool = False) -> bool:
    """Return whether a word ends before or in this token; blanks before a new word are ignored."""
    text = tokenizer.token_text(token_id)
    return any(blank in (text.lstrip(_BLANKS) if is_new else text) for blank in _BLANKS)


def _until_blank(partial: str, text: str) -> str:
    """Return the partial word joined with the following text, up to the next blank."""
    word = partial + text if partial else text.lstrip(_BLANKS)
    ends = [place for place in map(word.find, _BLANKS) if place >= 0]
    return word[: min(ends)] if ends else word


def _most_probable(found: list[tuple[str, float]], k: int) -> list[tuple[str, float]]:
    return sorted(found, key=lambda pair: -pair[1])[:k]
