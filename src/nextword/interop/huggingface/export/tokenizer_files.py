"""The tokenizer of a model as a `PreTrainedTokenizerFast` with the same ids.

No token ends a text: models of running text continue after a line end.
"""

from typing import Any

from nextword.interop.exported_tokenizer import exported_tokenizer
from nextword.storage import import_transformers
from nextword.tokens import Tokenizer


def fast_tokenizer(tokenizer: Tokenizer) -> Any:
    """Return a `PreTrainedTokenizerFast` with the ids of a tokenizer.

    Args:
        tokenizer: A tokenizer of kind word, character, byte or bpe that reads forward.

    Raises:
        ConfigError: `tokenizers` cannot represent it; the message says why.
        MissingExtraError: transformers is not installed.
    """
    backend = exported_tokenizer(tokenizer)
    names = {"pad_token": "<pad>"}
    # Special tokens are left out of decoded text; a closed vocabulary has `<unk>` as a word.
    if not tokenizer.has_closed_vocabulary:
        names["unk_token"] = "<unk>"
    if not tokenizer.has_line_end_token:
        names["bos_token"] = "<s>"
    return import_transformers().PreTrainedTokenizerFast(
        tokenizer_object=backend,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        # A literal `<pad>` in a text is text.
        split_special_tokens=True,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )
