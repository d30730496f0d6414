"""Train Phonetisaurus on the split of `cmudict_pairs.py`, and count its errors as nextword does.

    pip install phonetisaurus
    python benchmarks/phonetisaurus_pronunciations.py PAIRS_FOLDER

The folder has train.tsv and test.tsv: a word and its pronunciations, separated by tabs. The model
is that of `phonetisaurus train` with its default settings: an n-gram model of joint graphemes and
phonemes. A word is right if any of its pronunciations is predicted; the closest one counts for the
phoneme errors.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nextword.tasks.transduction.evaluation import closest_errors


def read_words(path: Path) -> dict[str, list[str]]:
    """Return the pronunciations of each word.

    Args:
        path: A TSV file.
    """
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {word: references for word, *references in rows}


def predictions(train: dict[str, list[str]], words: list[str]) -> Iterator[tuple[str, str]]:
    """Train a model, and iterate over words and their predicted pronunciations.

    Args:
        train: Pronunciations of each training word.
        words: The words to predict.
    """
    import phonetisaurus

    lexicon = {word: [each.split() for each in several] for word, several in train.items()}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.fst"
        started = time.perf_counter()
        phonetisaurus.train(lexicon, model_path=model)
        print(f"trained in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        for word, phonemes in phonetisaurus.predict(words, model_path=model):
            yield word, " ".join(phonemes)


def main() -> None:
    """Print word and phoneme errors."""
    folder = Path(sys.argv[1])
    test = read_words(folder / "test.tsv")
    found = dict(predictions(read_words(folder / "train.tsv"), list(test)))
    errors = [
        closest_errors(found.get(word, ""), references, split=lambda text: tuple(text.split()))
        for word, references in test.items()
    ]
    num_edits = sum(each.num_edits for each in errors)
    num_symbols = sum(each.num_symbols for each in errors)
    num_wrong = sum(each.num_edits > 0 for each in errors)
    print(f"words          {len(test):,}, of which {len(test) - len(found):,} have no prediction")
    print(f"word error     {100 * num_wrong / len(test):.2f} %")
    print(f"phoneme error  {100 * num_edits / num_symbols:.2f} %")


if __name__ == "__main__":
    main()
