"""Estimation of an n-gram model from Python, which the module `kenlm` lacks."""

from collections.abc import Iterable
from pathlib import Path

from nextword.base import ConfigError, atomic_writer, checked_path, created_folder, require_several
from nextword.interop.kenlm.model import Model
from nextword.interop.kenlm.scorer import words_of
from nextword.ngrams import arpa_text, count_ngrams, kneser_ney, sentences_of
from nextword.text import Corpus, text_document
from nextword.tokens import TokenizerConfig, build_store, train_tokenizer


def train(
    sentences: Iterable[str | bytes],
    *,
    out: str | Path,
    order: int = 5,
    prune: tuple[int, ...] = (),
) -> Model:
    """Estimate a model by modified Kneser-Ney smoothing, as lmplz does, and write an ARPA file.

    Any order is accepted; lmplz and the module `kenlm` are compiled for orders up to 6. Small texts
    whose counts allow no discounts get fixed ones. All counts are kept in memory; for large texts
    use `nextword train --recipe ngram-5` and `nextword export --to arpa`.

    Args:
        sentences: Sentences of words between white space.
        out: The ARPA file to write; it must not exist.
        order: Number of words in the longest n-grams.
        prune: For each order the count up to which n-grams are dropped, order 1 first (0 there);
            the last value holds for all higher orders.

    Returns:
        The model, loaded from the file.

    Raises:
        ConfigError: The file exists, the order is below 1 or above the longest sentence, or the
            pruning is invalid.
        DataError: There is no word to count, or a sentence contains `<s>` or `</s>`.
    """
    require_several("sentences", sentences)
    path = checked_path(out)
    if path.exists():
        raise ConfigError(
            f"{path} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    text = "".join(" ".join(words_of(sentence)) + "\n" for sentence in sentences)
    config = TokenizerConfig(min_count=1, closed=False)
    tokenizer = train_tokenizer(config, [text])
    document = text_document(text, name="the sentences")
    corpus = Corpus(description=document.name, open_documents=lambda: iter([document]))
    store = build_store(corpus, tokenizer, folder=None)
    counts = count_ngrams(sentences_of(store, tokenizer, skip_unknown=False), order=order)
    tables = kneser_ney(counts, never_ids=tokenizer.never_ids, prune=prune).tables
    with created_folder(path.parent), atomic_writer(path) as file:
        for block in arpa_text(tables, tokenizer=tokenizer):
            file.write(block.encode("utf-8"))
    return Model(path)
