"""Encode a corpus into a token store, part by part. Knows nothing of how a corpus is read."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from nextword.base import (
    DataError,
    DiskFullError,
    FormatError,
    WorkerError,
    atomic_writer,
    fsync_folder,
    full_disk_errors,
    is_full_disk,
    write_json,
)
from nextword.text import Corpus
from nextword.tokens.stores.draft import (
    DRAFT_FOLDER,
    Draft,
    Progress,
    folder_draft,
    kept_progress,
    memory_draft,
)
from nextword.tokens.stores.encoding import encode_parts
from nextword.tokens.stores.parts import Part, PartReader
from nextword.tokens.stores.store import (
    ARRAY_FILES,
    DESCRIPTION_FILE,
    DOCUMENTS_FILE,
    FORMAT_VERSION,
    IDS_FILE,
    UNKNOWN_FILE,
    FileDescription,
    StoreDescription,
    TokenStore,
    describe_file,
    open_store,
    read_description,
    smallest_dtype,
)
from nextword.tokens.text_counts import utf8_bytes
from nextword.tokens.tokenizer import Tokenizer

_logger = logging.getLogger(__name__)

#: Text, in bytes, after which the progress is recorded.
COMMIT_BYTES = 1 << 28
#: An interrupted encoding of less text is not kept.
MIN_KEPT_BYTES = 1 << 26
#: Errors after which an encoding can go on, besides a full disk: signals, killed processes.
_INTERRUPTIONS = (KeyboardInterrupt, SystemExit, WorkerError, MemoryError)


class _OtherText(Exception):
    """The text is not the one of which a part is encoded."""


def build_store(
    corpus: Corpus,
    tokenizer: Tokenizer,
    *,
    folder: Path | None,
    on_progress: Callable[[int], None] | None = None,
    num_processes: int | None = None,
) -> TokenStore:
    """Encode a corpus into a token store.

    Only some pieces of the text are in memory at a time. Without a folder, ids of more than 64 MB
    are in a temporary file. Reserved symbols that `Tokenizer.without_markers` removes are neither
    stored nor counted. If the tokenizer has a line end token, a document without a final newline
    gets a line end, which counts as a word.

    An encoding into a folder that was interrupted or killed goes on where it was recorded last, if
    the text and the tokenizer are still the same; the store is then equal to that of an encoding
    that was not interrupted. The text is read from its start, to compare it.

    A backward tokenizer needs whole lines, so a line that a document splits is refused; see
    `Document.pieces`.

    Args:
        corpus: The text.
        tokenizer: The tokenizer.
        folder: Folder of the store; created if missing. A store in it is replaced. None keeps the
            ids in memory.
        on_progress: Called with the number of characters encoded so far.
        num_processes: Number of processes that encode a tokenizer of kind `word`. None encodes the
            first 32 million characters in this process, and the rest in as many processes as there
            are processors, at most 8. The store does not depend on it.

    Returns:
        The store, memory-mapped if a folder is given.

    Raises:
        DataError: The corpus has no tokens, cannot be read, contains a reserved symbol, or has a
            line that is too long for a backward tokenizer.
        DiskFullError: The disk is full.
        FormatError: The folder is a link.
        WorkerError: One of the processes was killed.
    """
    if folder is None:
        draft = memory_draft(tokenizer.fingerprint)
        try:
            with full_disk_errors("the temporary folder (TMPDIR)"):
                _encode(corpus, tokenizer, draft, on_progress, num_processes)
            return _in_memory(draft, tokenizer)
        finally:
            draft.close()
    _refuse_link(folder)
    with full_disk_errors(folder):
        _build_on_disk(corpus, tokenizer, folder, on_progress, num_processes)
    return open_store(folder, tokenizer=tokenizer)


def kept_text_bytes(folder: Path) -> int:
    """Return how much text is encoded in a folder of stores that an interruption left.

    Args:
        folder: A folder whose folders are stores, complete or not, such as `tokens` of a run.

    Returns:
        Bytes of UTF-8; 0 if it is too little to be kept, less than 64 MB.
    """
    total = sum(_encoded_bytes(path) for path in folder.glob("*") if path.is_dir())
    return total if total >= MIN_KEPT_BYTES else 0


def _encoded_bytes(folder: Path) -> int:
    progress = kept_progress(folder)
    if progress is not None:
        return progress.num_bytes
    try:
        return read_description(folder).num_bytes
    except FormatError:
        return 0


def _build_on_disk(
    corpus: Corpus,
    tokenizer: Tokenizer,
    folder: Path,
    on_progress: Callable[[int], None] | None,
    num_processes: int | None,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Without its description an older store is incomplete while it is overwritten.
    (folder / DESCRIPTION_FILE).unlink(missing_ok=True)
    draft = folder_draft(folder, tokenizer.fingerprint)
    try:
        try:
            _encode(corpus, tokenizer, draft, on_progress, num_processes)
        except _OtherText:
            _logger.info("%s has changed; it is encoded from its start", corpus.description)
            draft.discard()
            draft = folder_draft(folder, tokenizer.fingerprint)
            _encode(corpus, tokenizer, draft, on_progress, num_processes)
        _finish(folder, draft, tokenizer)
    except BaseException as error:
        if isinstance(error, _INTERRUPTIONS) or is_full_disk(error):
            _keep(draft, folder)
        else:
            draft.discard()
        raise
    draft.discard()


def _keep(draft: Draft, folder: Path) -> None:
    """Record the progress of an interrupted encoding, or remove it if it is short."""
    if draft.progress.num_bytes >= MIN_KEPT_BYTES:
        # On a full disk, what was recorded before is kept.
        with suppress(OSError, DiskFullError):
            draft.commit()
    if kept_progress(folder) is None:
        draft.discard()
    else:
        draft.close()


def _encode(
    corpus: Corpus,
    tokenizer: Tokenizer,
    draft: Draft,
    on_progress: Callable[[int], None] | None,
    num_processes: int | None,
) -> None:
    """Encode a corpus, from where the draft ends.

    Raises:
        _OtherText: The draft is of another text.
    """
    parts = PartReader(corpus, tokenizer).parts()
    _skip(parts, draft.progress, on_progress)
    if draft.progress.num_bytes:
        done = draft.progress.num_bytes / 1e6
        _logger.info("%s: %.0f MB are encoded already", corpus.description, done)
    committed = draft.progress.num_bytes
    with closing(encode_parts(parts, tokenizer, num_processes=num_processes)) as found:
        for part, encoded in found:
            draft.append(part, encoded)
            if on_progress is not None and part.kind == "text":
                on_progress(draft.progress.num_characters)
            if draft.progress.num_bytes - committed >= COMMIT_BYTES:
                draft.commit()
                committed = draft.progress.num_bytes
    draft.flush()
    if not draft.progress.num_tokens:
        raise DataError(
            f"{_shown_source(corpus)} has no tokens.",
            help="Name a text that is not empty.",
        )


def _skip(parts: Iterator[Part], done: Progress, on_progress: Callable[[int], None] | None) -> None:
    """Read the parts that are encoded already, and compare them."""
    if not done.position.num_parts:
        return
    for part in parts:
        if on_progress is not None and part.kind == "text":
            on_progress(part.position.num_characters)
        if part.position.num_parts == done.position.num_parts:
            if part.position == done.position:
                return
            break
    raise _OtherText


def _refuse_link(folder: Path) -> None:
    """Raise an error for a link, which could point to files of somebody else."""
    if folder.is_symlink():
        raise FormatError(
            f"{folder} is a link to {folder.readlink()}; tokens are not written through a link.",
            help="Remove the link, or move the whole run folder to a disk with more space.",
        )


def text_sha256(corpus: Corpus) -> str:
    """Return the SHA-256 of a corpus, as in `TokenStore.text_sha256`; reads the whole corpus."""
    digest = hashlib.sha256()
    for piece in corpus.pieces():
        digest.update(utf8_bytes(piece))
    return digest.hexdigest()


def _shown_source(corpus: Corpus) -> str:
    return "standard input" if corpus.description == "-" else corpus.description


def _in_memory(draft: Draft, tokenizer: Tokenizer) -> TokenStore:
    done = draft.progress
    return TokenStore(
        ids=draft.array("ids", smallest_dtype(tokenizer.vocab_size)),
        document_starts=_document_starts(draft),
        unknown_positions=draft.array("unknown", np.dtype(np.int64)),
        counts=done.counts,
        text_sha256=done.position.text_sha256,
        fingerprint=tokenizer.fingerprint,
        num_characters_lost=done.num_characters_lost,
    )


def _document_starts(draft: Draft) -> Int64[np.ndarray, " num_starts"]:
    ends = draft.array("documents", np.dtype(np.int64))
    return np.concatenate([np.zeros(1, dtype=np.int64), ends])


def _finish(folder: Path, draft: Draft, tokenizer: Tokenizer) -> None:
    """Write the arrays and, last, the description that marks the store as complete."""
    draft.commit()
    unknown = draft.array("unknown", np.dtype(np.int64))
    for name, values in ((DOCUMENTS_FILE, _document_starts(draft)), (UNKNOWN_FILE, unknown)):
        with atomic_writer(folder / name) as file:
            np.save(file, values, allow_pickle=False)
    ids = folder / DRAFT_FOLDER / IDS_FILE
    files = {
        name: describe_file(ids if name == IDS_FILE else folder / name) for name in ARRAY_FILES
    }
    ids.replace(folder / IDS_FILE)
    fsync_folder(folder)
    write_json(folder / DESCRIPTION_FILE, asdict(_describe(draft.progress, tokenizer, files)))


def _describe(
    done: Progress, tokenizer: Tokenizer, files: dict[str, FileDescription]
) -> StoreDescription:
    dtype: Any = smallest_dtype(tokenizer.vocab_size).name
    return StoreDescription(
        format_version=FORMAT_VERSION,
        dtype=dtype,
        tokenizer_fingerprint=done.tokenizer_fingerprint,
        text_sha256=done.position.text_sha256,
        num_documents=done.num_documents,
        num_tokens=done.num_tokens,
        num_unknown=done.num_unknown,
        num_words=done.num_words,
        num_characters=done.num_characters,
        num_bytes=done.num_bytes,
        num_characters_lost=done.num_characters_lost,
        files=files,
    )
