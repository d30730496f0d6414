"""The encoded texts that a run leaves beside its model. Knows nothing of models."""

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
    """What a model was trained on and what it was measured on.

    Attributes:
        tokenizer: The model's tokenizer.
        train: The training text.
        held_out: Validation and test text, by name, as far as there are any.
        is_vocabulary_given: Whether the vocabulary came with the model that the training went on
            from, or some of it with pretrained vectors, so that this training text need not hold
            all of it.
    """

    tokenizer: Tokenizer
    train: TokenStore
    held_out: Mapping[str, TokenStore]
    is_vocabulary_given: bool = False


def texts_of_run(model_folder: Path, tokenizer: Tokenizer) -> RunTexts | None:
    """Open the texts of the run whose best model lies in a folder; None where it is of no run.

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
