r"""The tokenizer of a model as a `PreTrainedTokenizerFast` with the same ids.

The boundary token comes before each text, as the model reads it first. Decoding writes a line end
of kind `word` as "\n". No token ends a text: models of running text continue after a line end.
"""

from typing import Any

import tokenizers
from tokenizers import decoders, processors

from nextword.base import ConfigError
from nextword.storage import import_transformers
from nextword.tokens import Tokenizer, VocabularyTokenizer

#: No word contains a line end, so with this prefix of continuations every word is a new one.
_NO_PREFIX = "\n"
_LINE_END = r" ?(?<![^ ])</s>(?![^ ]) ?"
#: Between the signs of `is_blank_between`, written as patterns.
_BEFORE_SIGN = r" (?=[,.;:!?)\]}%\-\u2019\u201d\u2026])"
_AFTER_SIGN = r"(?<=[(\[{\-\u2018\u201c]) "


def fast_tokenizer(tokenizer: Tokenizer) -> Any:
    """Return a `PreTrainedTokenizerFast` with the ids of a tokenizer.

    Args:
        tokenizer: A tokenizer of kind word, character, byte or bpe that reads forward.

    Raises:
        ConfigError: `tokenizers` cannot represent it; the message says why.
        MissingExtraError: transformers is not installed.
    """
    if not isinstance(tokenizer, VocabularyTokenizer):
        raise ConfigError(
            f"this model has {tokenizer!r}, which is no tokenizer of nextword.",
            help="Export a model that nextword has trained.",
        )
    if tokenizer.is_backward:
        raise ConfigError(
            "this model reads each line backward, but a tokenizer of transformers returns the "
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
    names = {"pad_token": "<pad>"}
    # Special tokens are left out of decoded text; a closed vocabulary has `<unk>` as a word.
    if not tokenizer.has_closed_vocabulary:
        names["unk_token"] = "<unk>"
    if tokenizer.kind == "word":
        backend.decoder = _word_decoder(splits_punctuation=not tokenizer.counts_words)
    else:
        names |= {"bos_token": "<s>"}
    return import_transformers().PreTrainedTokenizerFast(
        tokenizer_object=backend,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        # A literal `<pad>` in a text is text.
        split_special_tokens=True,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )


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
