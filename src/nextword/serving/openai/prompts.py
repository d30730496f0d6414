"""From the prompt of a request to token ids. Knows no models."""

from dataclasses import dataclass

from nextword.base import DataError, VocabularyError
from nextword.serving.http import ApiError, readable
from nextword.serving.openai.requests import CompletionRequest, PromptInput
from nextword.tokens import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt as it is read.

    Attributes:
        ids: Its token ids.
        text: Its text.
        offsets: First character of each token in the text.
        has_boundary: Whether the first id is the boundary token, which every model reads anyway.
    """

    ids: tuple[int, ...]
    text: str
    offsets: tuple[int, ...]
    has_boundary: bool = False

    @property
    def unread_ids(self) -> tuple[int, ...]:
        """The ids that are read after the boundary token."""
        return self.ids[1:] if self.has_boundary else self.ids


def read_prompts(request: CompletionRequest, tokenizer: Tokenizer) -> list[Prompt]:
    """Return the prompts of a request; at least one.

    Args:
        request: The request.
        tokenizer: The tokenizer of the model.

    Raises:
        ApiError: There are no prompts, a text cannot be encoded, or an id is not in the vocabulary.
    """
    try:
        return _read(request.prompt, tokenizer)
    except (DataError, VocabularyError) as error:
        raise ApiError(
            error.message, help=error.help, param="prompt", code="invalid_value"
        ) from error


def _read(given: PromptInput, tokenizer: Tokenizer) -> list[Prompt]:
    if isinstance(given, str):
        return [text_prompt(given, tokenizer)]
    if not given:
        raise ApiError(
            "prompt is an empty list.",
            help='Send a text, which may be "", or token ids.',
            param="prompt",
            code="invalid_value",
        )
    ids = [each for each in given if isinstance(each, int)]
    if ids:
        return [ids_prompt(ids, tokenizer)]
    return [
        text_prompt(each, tokenizer) if isinstance(each, str) else ids_prompt(each, tokenizer)
        for each in given
        if not isinstance(each, int)
    ]


def text_prompt(text: str, tokenizer: Tokenizer) -> Prompt:
    """Return a prompt from its text, without the reserved symbols that the tokenizer ignores."""
    text = tokenizer.without_markers(text)
    offsets = tokenizer.offsets(text)[:, 0].tolist()
    return Prompt(ids=tuple(tokenizer.encode(text).ids.tolist()), text=text, offsets=tuple(offsets))


def ids_prompt(ids: list[int], tokenizer: Tokenizer) -> Prompt:
    """Return a prompt from its token ids."""
    decoder = tokenizer.stream_decoder()
    parts: list[str] = []
    offsets = []
    length = 0
    for token_id in ids:
        part = readable(decoder.feed(token_id))
        offsets.append(token_offset(part, tokenizer.token_text(token_id), before=length))
        parts.append(part)
        length += len(part)
    parts.append(readable(decoder.flush()))
    return Prompt(
        ids=tuple(ids),
        text="".join(parts),
        offsets=tuple(offsets),
        has_boundary=ids[:1] == [tokenizer.boundary_id],
    )


def token_offset(part: str, token: str, *, before: int) -> int:
    """Return the place of a token in a text.

    Args:
        part: What the token adds to the text: itself, after a blank in some vocabularies; or less
            if it is a part of a character.
        token: The text of the token.
        before: Number of characters before it.

    Example:
        >>> token_offset(" books", "books", before=12)
        13
    """
    return before + (len(part) - len(token) if token and part.endswith(token) else 0)
