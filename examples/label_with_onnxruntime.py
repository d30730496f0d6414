"""Label words or texts with a tagger or classifier in ONNX format, without nextword or torch.

nextword export RUN --to onnx --out FOLDER
pip install numpy onnxruntime
python label_with_onnxruntime.py FOLDER < texts.txt

Reads one sentence or text a line.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime

SPLITS = {
    "blanks": str.split,
    "characters": lambda text: list("".join(text.split())),
    "punctuation": re.compile("\\w+(?:[-'\u2019.,]\\w+)*|['\u2019]\\w+|[^\\w\\s]").findall,
}


class Labeller:
    """An exported tagger or classifier.

    Args:
        folder: The exported folder.
        file: Name of the network in it.
    """

    def __init__(self, folder: Path, file: str = "model.onnx") -> None:
        self.settings = json.loads((folder / "config.json").read_text())
        known = json.loads((folder / "words.json").read_text())
        # 0 is padding, 1 an unknown word or character.
        self.words = {word: i for i, word in enumerate(known["words"], 2)}
        self.characters = {sign: i for i, sign in enumerate(known["characters"], 2)}
        self.session = onnxruntime.InferenceSession(folder / file)

    def split(self, text: str) -> list[str]:
        """Return the words that the network reads."""
        words = SPLITS[self.settings["split"]](text)
        return words[: self.settings.get("max_words")]

    def logits(self, words: list[str]) -> np.ndarray:
        """Return the score of each label: (words, labels) of a tagger, (labels) of a classifier."""
        # One position of padding stands for a text without words.
        inputs = {"word_ids": np.array([[self.word_id(word) for word in words] or [0]])}
        if self.settings["reads_characters"]:
            rows = [self.character_ids(word) for word in words] or [[0]]
            width = max(map(len, rows))
            inputs["character_ids"] = np.array([[row + [0] * (width - len(row)) for row in rows]])
        if self.settings.get("ngrams"):
            ids = ngram_ids(words, **self.settings["ngrams"])
            inputs["ngram_ids"] = np.array([ids], dtype=np.int64)
        return self.session.run(["logits"], inputs)[0][0]

    def word_id(self, word: str) -> int:
        """Return the id of a word."""
        if self.settings["lowercase"]:
            word = word.lower()
        if self.settings["normalize_digits"]:
            word = re.sub(r"\d", "0", word)
        return self.words.get(word, 1)

    def character_ids(self, word: str) -> list[int]:
        """Return the ids of the characters of a word between marks; long words are shortened."""
        word = word if len(word) <= 40 else word[:20] + word[-20:]
        begin = len(self.characters) + 2
        return [begin, *(self.characters.get(sign, 1) for sign in word), begin + 1]

    def tag(self, words: list[str]) -> list[str]:
        """Return the label of each word."""
        if not words:
            return []
        scores = self.logits(words)
        if "crf" not in self.settings:
            return [self.settings["labels"][i] for i in scores.argmax(1)]
        crf = {name: np.array(values) for name, values in self.settings["crf"].items()}
        tags = viterbi(scores, crf["starts"], crf["transitions"], crf["ends"])
        # The label of a tag may depend on the tag before it; the last row is for the first word.
        before = [-1, *tags[:-1]]
        return [
            self.settings["labels"][crf["labels"][pair]] for pair in zip(before, tags, strict=True)
        ]

    def classify(self, text: str) -> dict[str, float]:
        """Return the probability of each label of a text, highest first."""
        logits = self.logits(self.split(text))
        if self.settings["multi_label"]:
            probabilities = 1 / (1 + np.exp(-logits))
        else:
            shares = np.exp(logits - logits.max())
            probabilities = shares / shares.sum()
        pairs = zip(self.settings["labels"], probabilities.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: -pair[1]))


def viterbi(
    scores: np.ndarray, starts: np.ndarray, transitions: np.ndarray, ends: np.ndarray
) -> list[int]:
    """Return the best sequence of tags.

    Args:
        scores: Score of each tag of each word, (words, tags).
        starts: Score of each tag at the first word, (tags).
        transitions: Score of each tag (column) after each tag (row), (tags, tags).
        ends: Score of each tag at the last word, (tags).
    """
    best, pointers = starts + scores[0], []
    for row in scores[1:]:
        totals = best[:, None] + transitions
        pointers.append(totals.argmax(0))
        best = totals.max(0) + row
    tags = [int((best + ends).argmax())]
    for pointer in reversed(pointers):
        tags.append(int(pointer[tags[-1]]))
    return tags[::-1]


def ngram_ids(
    words: list[str], longest: int, longest_characters: int, table_size: int
) -> list[int]:
    """Return the ids of the n-grams of words and of their characters: slots of a hash table + 1."""
    multiplier, mixer = np.int64(6364136223846793005), np.int64(-7046029254386353131)
    pieces = set()
    for framed in {f"<{word[:60]}>" for word in words}:
        for length in range(3, longest_characters + 1):
            pieces |= {f" {framed[i : i + length]}" for i in range(len(framed) - length + 1)}
    parts = [np.array([hashed(piece) for piece in pieces], dtype=np.int64)]
    hashes = np.array([hashed(word) for word in words], dtype=np.int64)
    longer = np.zeros_like(hashes)
    for length in range(1, min(longest, len(words)) + 1):
        longer = longer[: len(words) - length + 1] * multiplier + hashes[length - 1 :]
        parts.append(longer + np.int64(length))
    mixed = np.concatenate(parts) * mixer
    mixed = (mixed ^ (mixed >> 32)) * multiplier
    return (np.unique((mixed ^ (mixed >> 29)) % table_size) + 1).tolist()


def hashed(text: str) -> int:
    """Return a number of 64 bits that depends only on the text."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def main() -> None:
    """Read lines, and print their labels."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--file", default="model.onnx", help="or model.int8.onnx")
    options = parser.parse_args()
    labeller = Labeller(options.folder, options.file)
    for line in sys.stdin:
        if labeller.settings["task"] == "tagging":
            words = labeller.split(line)
            print(
                "\n".join(map("\t".join, zip(words, labeller.tag(words), strict=True))), end="\n\n"
            )
        else:
            label, probability = next(iter(labeller.classify(line).items()))
            print(f"{label}\t{probability:.4f}\t{line.rstrip()}")


if __name__ == "__main__":
    main()
