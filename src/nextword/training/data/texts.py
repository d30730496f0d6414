"""From the texts a person names to token stores in the run folder.

The vocabulary comes from the training part alone. What is already there is used again, so that a
resumed run reads the very same ids.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from nextword.base import ConfigError, MismatchError
from nextword.text import (
    ByteStream,
    Corpus,
    open_corpus,
    split_corpus,
    unused_field_error,
)
from nextword.tokens import (
    DESCRIPTION_FILE,
    Tokenizer,
    TokenizerConfig,
    TokenStore,
    VocabularyTokenizer,
    build_store,
    open_store,
    remove_markers,
    require_trainable,
    text_sha256,
    train_tokenizer,
)
from nextword.training.config import TextConfig
from nextword.training.data.sources import TextAccess, changed_text
from nextword.training.data.vocabulary_check import check_vocabulary

_TOKENIZER = "tokenizer.json"


@runtime_checkable
class StageProgress(Protocol):
    """Whoever wants to know how far the work before and after a training is."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """Be told of a stage.

        Args:
            stage: What is being done, and in which unit it is counted.
            done: How much of it is done.
            total: How much there is to do, where that is known.
        """


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The texts of a run, encoded.

    Attributes:
        tokenizer: Made from the training part, or that of the model to go on from.
        train: The training part.
        valid: The validation part, if any.
        test: The test part, if any.
        descriptions: What the parts are called on cards, by name.
    """

    tokenizer: Tokenizer
    train: TokenStore
    valid: TokenStore | None
    test: TokenStore | None
    descriptions: dict[str, str]


def prepare_data(
    config: TextConfig,
    tokenizer_config: TokenizerConfig,
    *,
    folder: Path,
    tokenizer: Tokenizer | None = None,
    extend: Callable[[VocabularyTokenizer], VocabularyTokenizer] | None = None,
    standard_input: ByteStream | None = None,
    on_progress: StageProgress | None = None,
    access: TextAccess | None = None,
) -> TrainingData:
    """Open, split, tokenise and encode the texts of a run.

    Args:
        config: The texts.
        tokenizer_config: The tokenizer to learn.
        folder: Where the tokenizer and the stores go; finished ones are used again.
        tokenizer: Use this one instead of learning one.
        extend: What is done to one that was learnt, before anything is encoded.
        standard_input: The stream that the text `-` stands for.
        on_progress: Is told of each stage.
        access: How the texts are got at; from the current folder when None.

    Raises:
        ConfigError: No training text is named, or the split cannot be made.
        DataError: A text cannot be read, is too short, holds reserved symbols, or is mostly
            unknown to its vocabulary.
        FormatError: What is there already is damaged.
        MismatchError: The text is not the one that is there already.
    """
    is_new = not (folder / _TOKENIZER).exists()
    report = on_progress if on_progress is not None else _ignore
    access = access if access is not None else TextAccess()
    if access.is_old:
        return _stored_data(config, folder)
    corpora = _open_corpora(config, standard_input, access)
    tokenizer = _tokenizer(
        corpora["train"], tokenizer_config, folder, given=tokenizer, extend=extend, report=report
    )
    stores = {
        name: _store(name, corpora, tokenizer, folder, report, is_hashed=access.is_hashed)
        for name in corpora
    }
    require_trainable(stores["train"])
    descriptions = {name: corpus.description for name, corpus in corpora.items()}
    if is_new:
        check_vocabulary(tokenizer, stores, config=tokenizer_config, descriptions=descriptions)
    return TrainingData(
        tokenizer=tokenizer,
        train=stores["train"],
        valid=stores.get("valid"),
        test=stores.get("test"),
        descriptions=descriptions,
    )


def _stored_data(config: TextConfig, folder: Path) -> TrainingData:
    """Take the texts as they were encoded, without looking at what they are now."""
    names = _part_names(config)
    missing = [name for name in names if not (folder / name / DESCRIPTION_FILE).exists()]
    if missing or not (folder / _TOKENIZER).exists():
        raise MismatchError(
            f"the text was not encoded to its end, or the encoded text is gone: there is no "
            f"{folder / (missing[0] if missing else _TOKENIZER)}.",
            help="Put the old text back and use --resume auto, or choose another --out.",
        )
    tokenizer = VocabularyTokenizer.load(folder / _TOKENIZER)
    stores = {name: open_store(folder / name, tokenizer=tokenizer, verify=True) for name in names}
    texts = {name: " ".join(getattr(config, name) or config.train) for name in names}
    return TrainingData(
        tokenizer=tokenizer,
        train=stores["train"],
        valid=stores.get("valid"),
        test=stores.get("test"),
        descriptions={name: f"{text} ({name} part, old text)" for name, text in texts.items()},
    )


def _part_names(config: TextConfig) -> list[str]:
    """Name the parts there are, those cut from the training text included."""
    _, valid_share, test_share = config.split
    is_cut = not config.valid
    parts = {
        "train": True,
        "valid": bool(config.valid) or valid_share > 0.0,
        "test": bool(config.test) or (is_cut and test_share > 0.0),
    }
    return [name for name, is_there in parts.items() if is_there]


def _open_corpora(
    config: TextConfig, standard_input: ByteStream | None, access: TextAccess
) -> dict[str, Corpus]:
    """Open the texts; parts that are not named are cut from the training text."""
    if not config.train:
        raise ConfigError("no training text is named.", help="nextword train TEXT --out RUN")

    def opened(specs: tuple[str, ...]) -> Corpus:
        corpus = open_corpus(
            [access.located(name) for name in specs],
            field=config.field,
            needs_json=False,
            encoding_errors=config.encoding_errors,
            standard_input=standard_input,
        )
        return replace(corpus, description=" ".join(specs))

    corpora = {"train": opened(config.train)}
    named = {
        name: opened(getattr(config, name)) for name in ("valid", "test") if getattr(config, name)
    }
    _check_field(config, [corpora["train"], *named.values()])
    if "valid" not in named:
        train_share, valid_share, test_share = config.split
        if "test" in named:
            train_share, test_share = train_share + test_share, 0.0
        parts = split_corpus(corpora["train"], (train_share, valid_share, test_share))
        corpora = dict(zip(("train", "valid", "test"), parts, strict=True))
        if test_share == 0.0:
            del corpora["test"]
        if valid_share == 0.0:
            del corpora["valid"]
    return corpora | named


def _check_field(config: TextConfig, corpora: list[Corpus]) -> None:
    """Refuse a field that applies to none of the texts; some of them may be plain."""
    if config.field is not None and not any(corpus.num_json_sources for corpus in corpora):
        raise unused_field_error(config.field, corpora[0].description)


def _tokenizer(
    corpus: Corpus,
    config: TokenizerConfig,
    folder: Path,
    *,
    given: Tokenizer | None,
    extend: Callable[[VocabularyTokenizer], VocabularyTokenizer] | None,
    report: StageProgress,
) -> Tokenizer:
    path = folder / _TOKENIZER
    if path.exists():
        return VocabularyTokenizer.load(path)
    tokenizer = given
    if tokenizer is None:
        tokenizer = train_tokenizer(
            config,
            _without_markers(corpus, config),
            on_progress=lambda done: report("learning the vocabulary", done),
            on_merging=lambda seconds: report("choosing byte pairs, seconds", seconds),
        )
        tokenizer = tokenizer if extend is None else extend(tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(path)
    return tokenizer


def _without_markers(corpus: Corpus, config: TokenizerConfig) -> Iterator[str]:
    """Yield the text that a vocabulary is learned from; refusals name the file and the line."""
    if not config.has_reserved_words:
        yield from corpus.pieces()
        return
    for document in corpus:
        line = 1
        for piece in document.pieces():
            yield remove_markers(piece, config.markers, name=document.name, first_line=line)
            line += piece.count("\n")


def _store(
    name: str,
    corpora: dict[str, Corpus],
    tokenizer: Tokenizer,
    folder: Path,
    report: StageProgress,
    *,
    is_hashed: bool,
) -> TokenStore:
    place = folder / name
    if (place / DESCRIPTION_FILE).exists():
        store = open_store(place, tokenizer=tokenizer, verify=True)
        if is_hashed and text_sha256(corpora[name]) != store.text_sha256:
            raise changed_text(
                f"{corpora[name].description} is not the text that was encoded", folder.parent
            )
        return store
    return build_store(
        corpora[name],
        tokenizer,
        folder=place,
        on_progress=lambda done: report(f"encoding the {name} text", done),
    )


def _ignore(stage: str, done: int, total: int | None = None) -> None:
    """Tell nobody."""
