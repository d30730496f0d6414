"""Prepare the training text of the keyboard section of docs/results.md: one plain sentence a line.

    python benchmarks/keyboard_text.py DATA --out FOLDER

DATA holds the corpora as folders: ud-ewt, war-and-peace, shakespeare, ptb, sst2. The text is in
lower case and has only letters, digits, apostrophes and blanks. Lines of all corpora are shuffled.
Writes train.txt; train-ewt2.txt, with the sentences of UD-EWT twice; and dev.txt, from UD-EWT.
"""

import argparse
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SEED = 1
_CLITIC = re.compile(r" (n't|'(?:s|m|re|ve|ll|d)\b)", re.IGNORECASE)


def joined(words: Iterable[str]) -> str:
    """Join tokens to a sentence; clitics such as n't are attached to the word before."""
    return _CLITIC.sub(r"\1", " ".join(words))


def conllu_sentences(path: Path) -> Iterator[str]:
    words: list[str] = []
    last_covered = 0
    for line in path.read_text(encoding="utf-8").split("\n"):
        number, _, rest = line.partition("\t")
        if not line:
            if words:
                yield joined(words)
            words, last_covered = [], 0
        elif "-" in number and not line.startswith("#"):
            last_covered = int(number.partition("-")[2])
            words.append(rest.partition("\t")[0])
        elif number.isdigit() and int(number) > last_covered:
            words.append(rest.partition("\t")[0])


def prose_sentences(path: Path) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        yield from re.split(r"(?<=[.?!])[\"']? +(?=[\"']?[A-Z])", " ".join(block.split()))


def verse_lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not re.fullmatch(r"[A-Z][A-Za-z ]*:", line):
            yield line


def treebank_sentences(path: Path) -> Iterator[str]:
    """Sentences without `<unk>` and N."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        words = line.split()
        if "<unk>" not in words and "N" not in words:
            yield joined(words)


def review_sentences(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        yield joined(line.partition("\t")[0].split())


def plain(sentence: str) -> str:
    text = re.sub(r"[^a-z0-9' ]+", " ", sentence.lower().replace("\u2019", "'"))
    return " ".join(re.sub(r"(?<![a-z])'|'(?![a-z])", " ", text).split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    data, out = options.data, options.out
    web = list(conllu_sentences(data / "ud-ewt/train.conllu"))
    others = [
        *prose_sentences(data / "war-and-peace/train.txt"),
        *verse_lines(data / "shakespeare/input.txt"),
        *treebank_sentences(data / "ptb/train.txt"),
        *review_sentences(data / "sst2/train.tsv"),
    ]
    out.mkdir(parents=True, exist_ok=True)
    for name, sentences in (
        ("train.txt", [*web, *others]),
        ("train-ewt2.txt", [*web, *web, *others]),
        ("dev.txt", list(conllu_sentences(data / "ud-ewt/dev.conllu"))),
    ):
        lines = [line for line in map(plain, sentences) if line]
        if name != "dev.txt":
            random.Random(SEED).shuffle(lines)
        (out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines):,} lines, {sum(len(x.split()) for x in lines):,} words")


if __name__ == "__main__":
    main()
