"""Write pairs of a random string and its copy, its reverse or its sorted letters.

    python examples/make_strings.py reverse strings

writes strings/train.tsv with strings of 1 to 10 letters, and test files with longer ones: up to 20
letters in test-longer.tsv, and 20 in test-twice.tsv. A model that works on strings of twice the
length has learned the operation, not the strings.
"""

import argparse
import random
from pathlib import Path

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_OPERATIONS = {
    "copy": lambda text: text,
    "reverse": lambda text: text[::-1],
    "sort": lambda text: "".join(sorted(text)),
}
#: Number of pairs, and least and largest length, of each file.
_FILES = {
    "train": (20_000, 1, 10),
    "valid": (500, 1, 10),
    "test": (2_000, 1, 10),
    "test-longer": (2_000, 11, 20),
    "test-twice": (500, 20, 20),
}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("operation", choices=sorted(_OPERATIONS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    generator, seen = random.Random(arguments.seed), set()
    for part, (number, shortest, longest) in _FILES.items():
        lines = []
        while len(lines) < number:
            # Every length has the same number of strings.
            length = shortest + len(lines) % (longest - shortest + 1)
            text = "".join(generator.choice(_LETTERS) for _ in range(length))
            if length > 3 and text in seen:
                continue
            seen.add(text)
            lines.append(f"{text}\t{_OPERATIONS[arguments.operation](text)}\n")
        (arguments.folder / f"{part}.tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
