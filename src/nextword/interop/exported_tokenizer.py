r"""The tokenizer of a model as one of the library `tokenizers`, for programs without nextword.

The boundary token comes before each text, as the model reads it first. Decoding writes a line end
of kind `word` as "\n".
"""

from typing import Any

import tokenizers
from tokenizers import decoders, processors

from nextword.base import ConfigError
from nextword.tokens import Tokenizer, VocabularyTokenizer

#: No word contains a line end, so with this prefix of continuations every word is a new one.
_NO_PREFIX = "\n"
_LINE_END = r" ?(?<![^ ])</s>(?![^ ]) ?"
#: Between the signs of `is_blank_between`, written as patterns.
_BEFORE_SIGN = r" (?=[,.;:!?)\]}%\-\u2019\u201d\u2026])"
_AFTER_SIGN = r"(?<=[(\[{\-\u2018\u201c]) "


def exported_tokenizer(tokenizer: Tokenizer) -> tokenizers.Tokenizer:
    """Return a tokenizer of the library `tokenizers` with the same ids.

    Args:
        tokenizer: A tokenizer of kind word, character, byte or bpe that reads forward.

    Raises:
        ConfigError: `tokenizers` cannot represent it; the message says why.
    """
    if not isinstance(tokenizer, VocabularyTokenizer):
        raise ConfigError(
            f"this model has {tokenizer!r}, which is no tokenizer of nextword.",
            help="Export a model that nextword has trained.",
        )
    if tokenizer.is_backward:
        raise ConfigError(
            "this model reads each line backward, but a tokenizer of other programs returns the "
            "tokens of a text in its order.",
            help="Train a model with tokenizer.direction=forward.",
        )
    backend = tokenizers.Tokenizer.from_str(tokenizer.to_json())
    boundary = tokenizer.token_text(tokenizer.boundary_id)
    backend.post_processor = processors.TemplateProcessing(
        single=f"{boundary} $A",
        pair=f"{boundary} $A $B:1",
        special_tokens=[(boundary, tokenizer.boundary_id)],
    )
    if tokenizer.kind == "word":
        backend.decoder = _word_decoder(splits_punctuation=not tokenizer.counts_words)
    return backend


def _word_decoder(*, splits_punctuation: bool) -> decoders.Decoder:
    parts: list[Any] = [
        decoders.WordPiece(prefix=_NO_PREFIX, cleanup=False),
        decoders.Fuse(),
        decoders.Replace(tokenizers.Regex(_LINE_END), "\n"),
    ]
    if splits_punctuation:
        parts += [
            decoders.Replace(tokenizers.Regex(_BEFORE_SIGN), ""),
            decoders.Replace(tokenizers.Regex(_AFTER_SIGN), ""),
        ]
    return decoders.Sequence(parts)
