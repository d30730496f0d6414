"""Make n-best lists of a recognizer that does not exist: a noisy channel over the words of a text.

    python benchmarks/noisy_nbest.py DATA --out FOLDER

DATA holds the corpora as folders: ptb, war-and-peace. Each word of a sentence may be heard as
itself, as words with a similar spelling, as nothing, or with a short word beside it; the channel
gives each a noisy score. To that the log-probability of a bigram model of another text is added, as
the recognizer would have learned it from its training text. The best 20 hypotheses of the channel
are kept. Sentences of PTB's validation text make the development set, those of its test text the
test set. Writes JSON lines with references: dev.jsonl and test.jsonl; the bigram model
low-order.arpa, of the recognizer's training text; and useless.arpa, a unigram model of that text.
"""

import argparse
import collections
import heapq
import json
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import nextword.kenlm as kenlm

SEED = 20
NUM_SENTENCES = {"dev": 600, "test": 1000}
LONGEST = 25
NUM_KEPT, BEAM = 20, 200
#: Log-probabilities of the channel: for each letter that differs, a word not heard, one too many.
LETTER, DELETED, INSERTED = -1.6, -5.0, -6.0
NOISE = 1.4
#: Weight of what the recognizer knows of its own training text.
INTERNAL = 0.3
SHORT_WORDS = ["a", "the", "of", "to", "in", "and"]


def neighbours(words: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Return for each word the words that differ from it by one or two letters."""
    by_skeleton: dict[str, list[str]] = collections.defaultdict(list)
    for word in words:
        for skeleton in skeletons(word):
            by_skeleton[skeleton].append(word)
    found = {}
    for word in words:
        others = {other for skeleton in skeletons(word) for other in by_skeleton[skeleton]}
        near = sorted((1 if len(o) == len(word) else 2, o) for o in others if o != word)
        found[word] = [(other, distance) for distance, other in near[:8]]
    return found


def skeletons(word: str) -> set[str]:
    """Return the word with each of its letters left out, and as it is."""
    return {word} | {word[:k] + word[k + 1 :] for k in range(len(word))}


def hypotheses(
    words: Sequence[str],
    near: dict[str, list[tuple[str, int]]],
    low_order: kenlm.Model,
    generator: random.Random,
) -> list[tuple[str, float]]:
    """Return the best hypotheses of a sentence with their scores, best first."""
    beam: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
    for word in words:
        heard = [((word,), 0.0), ((), DELETED)]
        heard += [((other,), LETTER * d) for other, d in near.get(word, [])]
        heard += [((word, short), INSERTED) for short in generator.sample(SHORT_WORDS, 2)]
        scored = [(part, score + generator.gauss(0.0, NOISE)) for part, score in heard]
        beam = heapq.nlargest(
            BEAM,
            ((total + score, (*text, *part)) for total, text in beam for part, score in scored),
        )
    texts: dict[str, float] = {}
    for total, text in beam:
        sentence = " ".join(text)
        log_prob = low_order.score(sentence) * math.log(10.0)
        texts.setdefault(sentence, total + INTERNAL * log_prob)
    return heapq.nlargest(NUM_KEPT, texts.items(), key=lambda item: item[1])


def sentences(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if 4 <= len(words) <= LONGEST:
            yield words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    train = (options.data / "ptb/train.txt").read_text(encoding="utf-8")
    known = sorted({word for word in train.split() if word.isalpha()})
    near = neighbours(known)
    other = (options.data / "war-and-peace/train.txt").read_text(encoding="utf-8").lower()
    lines = [
        " ".join(words)
        for line in other.splitlines()
        if (words := [word for word in line.replace(".", " ").split() if word.isalpha()])
    ]
    low_order = kenlm.train(lines, order=2, out=out / "low-order.arpa")
    kenlm.train(lines, order=1, out=out / "useless.arpa")
    generator = random.Random(SEED)
    for name, split in (("dev", "valid"), ("test", "test")):
        chosen = list(sentences(options.data / f"ptb/{split}.txt"))
        generator.shuffle(chosen)
        with (out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for number, words in enumerate(chosen[: NUM_SENTENCES[name]]):
                nbest = [
                    {"text": text, "score": round(score, 4)}
                    for text, score in hypotheses(words, near, low_order, generator)
                ]
                values = {"id": f"{name}-{number}", "reference": " ".join(words), "nbest": nbest}
                file.write(json.dumps(values) + "\n")
        print(f"{name}: {min(len(chosen), NUM_SENTENCES[name]):,} utterances")


if __name__ == "__main__":
    main()
