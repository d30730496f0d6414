"""Preparation of the texts of a run: open, split, tokenize and store them in the run folder.

The tokenizer is trained on the training part only. A stored tokenizer and stored tokens are used
again, so a resumed run reads the same ids.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nextword.base import ConfigError, MismatchError, ProgressCallback
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


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The texts of a run, encoded.

    Attributes:
        tokenizer: The tokenizer, trained on the training part or taken from the model to start
            from.
        train: The training part.
        valid: The validation part; None without one.
        test: The test part; None without one.
        descriptions: Names of the parts on perplexity cards, by part.
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
    on_progress: ProgressCallback | None = None,
    access: TextAccess | None = None,
) -> TrainingData:
    """Open, split, tokenize and encode the texts of a run.

    Args:
        config: The texts.
        tokenizer_config: Settings of the tokenizer to train.
        folder: Folder for the tokenizer and the token stores; complete ones are used again.
        tokenizer: Tokenizer to use; one is trained when None.
        extend: Called with a newly trained tokenizer; returns the tokenizer to use.
        standard_input: The stream that is read for the text `-`.
        on_progress: Called with (stage, done, total); see `ProgressCallback`.
        access: How the texts are opened; relative to the current folder when None.

    Returns:
        The tokenizer and the encoded parts.

    Raises:
        ConfigError: No training text is named, or the text cannot be split as requested.
        DataError: A text cannot be read, is too short, contains reserved symbols, or consists
            mostly of unknown words.
        FormatError: A stored tokenizer or token store is damaged.
        MismatchError: The text is not the one that was encoded before.
    """
    on_progress = on_progress if on_progress is not None else _no_progress
    access = access if access is not None else TextAccess()
    if access.is_old:
        return _stored_data(config, folder)
    corpora = open_texts(config, standard_input=standard_input, access=access)
    is_new = not all((folder / name / DESCRIPTION_FILE).exists() for name in corpora)
    tokenizer = _tokenizer(
        corpora["train"],
        tokenizer_config,
        folder,
        given=tokenizer,
        extend=extend,
        on_progress=on_progress,
    )
    stores = {
        name: _store(name, corpora, tokenizer, folder, on_progress, is_hashed=access.is_hashed)
        for name in corpora
    }
    require_trainable(stores["train"])
    descriptions = {name: corpus.description for name, corpus in corpora.items()}
    if is_new:
        check_vocabulary(
            tokenizer,
            stores,
            config=tokenizer_config,
            descriptions=descriptions,
            init=config.init,
        )
    return TrainingData(
        tokenizer=tokenizer,
        train=stores["train"],
        valid=stores.get("valid"),
        test=stores.get("test"),
        descriptions=descriptions,
    )


def _stored_data(config: TextConfig, folder: Path) -> TrainingData:
    """Load the stored texts without opening the current ones."""
    names = _part_names(config)
    missing = [name for name in names if not (folder / name / DESCRIPTION_FILE).exists()]
    if missing or not (folder / _TOKENIZER).exists():
        raise MismatchError(
            f"the encoded text is incomplete or missing: there is no "
            f"{folder / (missing[0] if missing else _TOKENIZER)}.",
            help="Restore the old text and use --resume auto, or choose another --out.",
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
    """Return the names of the parts, including those split off the training text."""
    _, valid_share, test_share = config.split
    is_split = not config.valid
    parts = {
        "train": True,
        "valid": bool(config.valid) or valid_share > 0.0,
        "test": bool(config.test) or (is_split and test_share > 0.0),
    }
    return [name for name, exists in parts.items() if exists]


def open_texts(
    config: TextConfig,
    *,
    standard_input: ByteStream | None = None,
    access: TextAccess | None = None,
) -> dict[str, Corpus]:
    """Open the texts of a run; parts that are not named are split off the training text.

    Args:
        config: The texts.
        standard_input: The stream that is read for the text `-`.
        access: How the texts are opened; relative to the current folder when None.

    Returns:
        The texts by part: `train`, and `valid` and `test` where they exist.

    Raises:
        ConfigError: No training text is named, or the text cannot be split as requested.
        DataError: A text cannot be found, or is too short to be split.
    """
    access = access if access is not None else TextAccess()
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
    """Raise an error if a field is set and none of the texts is JSON lines."""
    if config.field is not None and not any(corpus.num_json_sources for corpus in corpora):
        raise unused_field_error(config.field, corpora[0].description)


def _tokenizer(
    corpus: Corpus,
    config: TokenizerConfig,
    folder: Path,
    *,
    given: Tokenizer | None,
    extend: Callable[[VocabularyTokenizer], VocabularyTokenizer] | None,
    on_progress: ProgressCallback,
) -> Tokenizer:
    path = folder / _TOKENIZER
    if path.exists():
        return VocabularyTokenizer.load(path)
    tokenizer = given
    if tokenizer is None:
        tokenizer = learned_tokenizer(corpus, config, on_progress=on_progress)
        tokenizer = tokenizer if extend is None else extend(tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(path)
    return tokenizer


def learned_tokenizer(
    corpus: Corpus, config: TokenizerConfig, *, on_progress: ProgressCallback | None = None
) -> VocabularyTokenizer:
    """Return a tokenizer that is trained on a text.

    Args:
        corpus: The text.
        config: Settings of the tokenizer.
        on_progress: Called with (stage, done, total); see `ProgressCallback`.
    """
    report = on_progress if on_progress is not None else _no_progress
    return train_tokenizer(
        config,
        _without_markers(corpus, config),
        on_progress=lambda done: report("learning the vocabulary", done),
        on_merging=lambda seconds: report("choosing byte pairs, seconds", seconds),
    )


def _without_markers(corpus: Corpus, config: TokenizerConfig) -> Iterator[str]:
    """Iterate over the text without markers; errors contain the file and the line."""
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
    on_progress: ProgressCallback,
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
        on_progress=lambda done: on_progress(f"encoding the {name} text", done),
    )


def _no_progress(stage: str, done: int, total: int | None = None) -> None:
    """Do nothing."""
