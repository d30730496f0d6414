"""Prepare the training text of the BLiMP table of docs/results.md: one sentence a line, as written.

    python benchmarks/blimp_text.py DATA --out FOLDER

DATA holds the corpora as folders: ud-ewt, war-and-peace, shakespeare, ner-conll2003-en. None of
them has sentences of BLiMP. Upper case and punctuation are kept, because BLiMP has both. Lines of
all corpora are shuffled. Writes train.txt and valid.txt.
"""

import argparse
import random
import re
from collections.abc import Iterator
from pathlib import Path

from keyboard_text import SEED, joined, prose_sentences, verse_lines

#: Lines of valid.txt, taken from the shuffled lines.
_NUM_VALID = 3_000
_NO_BLANK_BEFORE = re.compile(r" ([.,;:?!)%])")


def web_sentences(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("# text = "):
            yield line.removeprefix("# text = ")


def news_sentences(path: Path) -> Iterator[str]:
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        words = [line.partition(" ")[0] for line in block.split("\n") if line]
        if words and words[0] != "-DOCSTART-":
            yield _NO_BLANK_BEFORE.sub(r"\1", joined(words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    data, out = options.data, options.out
    sentences = [
        *web_sentences(data / "ud-ewt/train.conllu"),
        *prose_sentences(data / "war-and-peace/train.txt"),
        *verse_lines(data / "shakespeare/input.txt"),
        *news_sentences(data / "ner-conll2003-en/train.txt"),
    ]
    lines = [line for line in (" ".join(each.split()) for each in sentences) if line]
    random.Random(SEED).shuffle(lines)
    out.mkdir(parents=True, exist_ok=True)
    for name, part in (("valid.txt", lines[:_NUM_VALID]), ("train.txt", lines[_NUM_VALID:])):
        (out / name).write_text("\n".join(part) + "\n", encoding="utf-8")
        print(f"{name}: {len(part):,} lines, {sum(len(x.split()) for x in part):,} words")


if __name__ == "__main__":
    main()
