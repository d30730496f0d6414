"""Estimate an n-gram model from a raw text, and write its tables, without importing torch.

The file is also a program, which is run by its path, because importing the package imports torch:

    python -P estimating.py TRAIN_TEXT FOLDER ORDER
"""

import sys
from pathlib import Path

from nextword.ngrams import KneserNey, counted_ngrams, kneser_ney, sentences_of
from nextword.text import Corpus, text_document
from nextword.tokens import Tokenizer, TokenizerConfig, TokenStore, build_store, train_tokenizer

TABLES_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
#: Memory that lmplz may use to sort; by default it is most of the memory of the machine.
_LMPLZ_MEMORY = "500M"


def encode(text: str, tokenizer: Tokenizer) -> TokenStore:
    """Return the token ids of a text."""
    document = text_document(text, name="the text")
    corpus = Corpus(description=document.name, open_documents=lambda: iter([document]))
    return build_store(corpus, tokenizer, folder=None)


def estimate(
    path: Path, *, order: int, temporary_folder: Path | None = None
) -> tuple[Tokenizer, KneserNey]:
    """Return the tokenizer of a text, and its n-grams with Kneser-Ney smoothing.

    Args:
        path: The text, one sentence per line.
        order: Order of the model.
        temporary_folder: Folder for the counts of large texts; they stay in memory if None.
    """
    text = path.read_text(encoding="utf-8")
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), [text])
    sentences = sentences_of(encode(text, tokenizer), tokenizer)
    # The text is no longer needed, and large.
    del text
    with counted_ngrams(sentences, order=order, temporary_folder=temporary_folder) as counts:
        return tokenizer, kneser_ney(counts, never_ids=tokenizer.never_ids)


def write_tables(train: Path, out: Path, *, order: int) -> None:
    """Estimate a model and write its tables, as they are in a model folder.

    Args:
        train: The text, one sentence per line.
        out: Existing folder to write to.
        order: Order of the model.
    """
    from safetensors.numpy import save_file

    tokenizer, smoothed = estimate(train, order=order, temporary_folder=out)
    tokenizer.save(out / TOKENIZER_FILE)
    save_file(smoothed.tables.arrays(), out / TABLES_FILE)


def estimate_command(train: Path, out: Path, *, order: int) -> list[str]:
    """Return the command that runs `write_tables` in a new process, which does not import torch."""
    # -P: modules of this folder must not hide others of the same name.
    return [sys.executable, "-P", __file__, str(train), str(out), str(order)]


def lmplz_command(lmplz: str, folder: Path, *, order: int) -> list[str]:
    """Return the command of lmplz, which reads a text and writes an ARPA file.

    Args:
        lmplz: Path of the program.
        folder: Existing folder for its temporary files.
        order: Order of the model.
    """
    return [lmplz, "-o", str(order), "-S", _LMPLZ_MEMORY, "-T", str(folder)]


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]), Path(sys.argv[2]), order=int(sys.argv[3]))
