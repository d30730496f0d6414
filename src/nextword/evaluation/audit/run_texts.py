"""The encoded texts in the run folder of a model. Knows nothing of models."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nextword.base import read_toml
from nextword.storage import RunFolder
from nextword.tokens import Tokenizer, TokenStore, open_store

_TRAIN = "train"
_HELD_OUT = ("valid", "test")


@dataclass(frozen=True, kw_only=True)
class RunTexts:
    """The texts that a model was trained and evaluated on.

    Attributes:
        tokenizer: The model's tokenizer.
        train: The training text.
        held_out: The validation and test texts that exist, by name.
        is_vocabulary_given: Whether all or part of the vocabulary comes from elsewhere: from the
            model that training started from, or from pretrained vectors. Then the training text
            need not contain every vocabulary entry.
    """

    tokenizer: Tokenizer
    train: TokenStore
    held_out: Mapping[str, TokenStore]
    is_vocabulary_given: bool = False


def texts_of_run(model_folder: Path, tokenizer: Tokenizer) -> RunTexts | None:
    """Open the encoded texts of the run that a model folder belongs to.

    Args:
        model_folder: The model folder.
        tokenizer: The model's tokenizer.

    Returns:
        The texts; None if the folder is not in a run folder, or the run has no training text.

    Raises:
        FormatError: A text or the configuration is damaged.
        MismatchError: The texts were encoded by another tokenizer.
    """
    run = RunFolder(model_folder.resolve().parent)
    stores = {
        name: run.tokens_folder / name
        for name in (_TRAIN, *_HELD_OUT)
        if (run.tokens_folder / name).is_dir()
    }
    if model_folder.resolve() != run.model_folder or _TRAIN not in stores:
        return None
    config = read_toml(run.read_config(), source=str(run.config_file))
    opened = {name: open_store(path, tokenizer=tokenizer) for name, path in stores.items()}
    return RunTexts(
        tokenizer=tokenizer,
        train=opened.pop(_TRAIN),
        held_out=opened,
        is_vocabulary_given=bool(
            config.get("text", {}).get("init") or config.get("embedding", {}).get("add_words")
        ),
    )
