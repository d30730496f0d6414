"""Write the pairs of words and pronunciations of CMUdict as TSV files for `nextword transduce`.

    python benchmarks/cmudict_pairs.py DATA_FOLDER/cmudict OUT_FOLDER

Stress marks are removed. All pronunciations of a word are references of one line. The split depends
on a hash of the word only: 5 % of the words are for validation, 5 % for the test.
"""

import hashlib
import re
import sys
from pathlib import Path

_VARIANT = re.compile(r"\(\d+\)$")
_STRESS = re.compile(r"\d")


def read_pronunciations(path: Path) -> dict[str, list[str]]:
    """Return the different pronunciations of each word, without stress, in the order of the file.

    Args:
        path: The file `cmudict.dict`.
    """
    pronunciations: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = line.split("#")[0].split()
        if not entry:
            continue
        word = _VARIANT.sub("", entry[0])
        phonemes = " ".join(_STRESS.sub("", phoneme) for phoneme in entry[1:])
        known = pronunciations.setdefault(word, [])
        if phonemes not in known:
            known.append(phonemes)
    return pronunciations


def part_of(word: str) -> str:
    """Return the part of the split that a word belongs to: `train`, `valid` or `test`."""
    share = int.from_bytes(hashlib.sha256(word.encode("utf-8")).digest()[:8], "big") / 2**64
    return "test" if share < 0.05 else "valid" if share < 0.1 else "train"


def main() -> None:
    """Write train.tsv, valid.tsv and test.tsv."""
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for word, phonemes in read_pronunciations(source / "cmudict.dict").items():
        lines[part_of(word)].append("\t".join([word, *phonemes]))
    for part, rows in lines.items():
        (out / f"{part}.tsv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        print(f"{part}: {len(rows):,} words")


if __name__ == "__main__":
    main()
