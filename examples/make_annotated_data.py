"""Write a small annotated corpus of made-up sentences, to try tagging and classification.

    python examples/make_annotated_data.py FOLDER --sentences 600 --seed 0

The folder then has, for each of `train`, `dev` and `test`:

    train.conllu  sentences with parts of speech (columns UPOS and XPOS), with multiword tokens
    train.conll   the same sentences as columns: word, part of speech, entity in IOB2
    train.tsv     short film reviews with a header: text, label (positive or negative)

The sentences look like English; names and many other words are built from syllables.
A third of these words in `dev` and `test` is not in `train`. Some words have two tags:

- "patient" is an adjective in "the patient doctor waited" and a noun in "the patient waited". Only
  the word after it decides. The same applies to "that", and to place names, which also begin the
  names of organizations: "Rasuholm" and "Rasuholm Bank".
- Two reviews can consist of the same words and have different labels: "good, not bad" and "bad,
  not good".
"""

import argparse
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

PARTS = ("train", "dev", "test")
SYLLABLES = ("ba", "de", "ki", "lo", "mu", "ra", "sa", "ti", "vo", "zu")
#: Ending of the made-up words of each class. The class of a new word can be guessed from it.
ENDINGS = {"PERSON": "nik", "PLACE": "holm", "NOUN": "er", "STEM": "ind", "ADVERB": "ly"}
#: Number of made-up words of each class in every part, and number of those in one part only.
NUM_SHARED, NUM_OWN = 40, 20
UPOS = {"PERSON": "PROPN", "PLACE": "PROPN", "NOUN": "NOUN", "STEM": "VERB", "ADVERB": "ADV"}
ENTITIES = {"PERSON": "PER", "PLACE": "LOC"}
AMBIGUOUS = ("patient", "native", "adult", "secret", "criminal", "human", "cold", "light")
COMPANIES = ("Bank", "University", "Motors", "Press")
XPOS = {
    **{"ADJ": "JJ", "ADP": "IN", "ADV": "RB", "AUX": "VBD", "CCONJ": "CC", "DET": "DT"},
    **{"NOUN": "NN", "PART": "RB", "PRON": "PRP", "PROPN": "NNP", "PUNCT": ".", "VERB": "VBD"},
}
#: A word with its tag, or a name in capitals that is replaced by words of a class.
TEMPLATES = (
    "the/DET AMBIGUOUS/ADJ NOUN VERB ADVERB ./PUNCT",
    "the/DET AMBIGUOUS/NOUN VERB ADVERB ./PUNCT",
    "PERSON VERB the/DET AMBIGUOUS/ADJ NOUN in/ADP PLACE ./PUNCT",
    "PERSON VERB the/DET AMBIGUOUS/NOUN in/ADP PLACE ./PUNCT",
    "that/DET NOUN VERB PERSON ./PUNCT",
    "that/PRON VERB PERSON ./PUNCT",
    "PLACE VERB the/DET NOUN ./PUNCT",
    "COMPANY VERB the/DET NOUN ./PUNCT",
    "the/DET NOUN from/ADP PLACE VERB COMPANY ADVERB ./PUNCT",
    "PERSON did/AUX n't/PART STEM COMPANY ./PUNCT",
    "PERSON and/CCONJ PERSON VERB PLACE ./PUNCT",
)
OPINIONS = {
    "positive": ("good", "funny", "wonderful", "moving", "clever", "fresh"),
    "negative": ("bad", "dull", "awful", "tedious", "stupid", "stale"),
}
#: SAME stands for a word with the polarity of the label, OTHER for one with the other polarity.
REVIEWS = (
    "FILM is SAME , not OTHER .",
    "FILM is not OTHER but SAME .",
    "FILM is not OTHER at all .",
    "I expected FILM to be OTHER , but it was SAME .",
    "nobody would call FILM OTHER .",
    "the end of FILM is SAME .",
)

Lexicon = Mapping[str, list[str]]


@dataclass(frozen=True)
class Word:
    """One word of a sentence with its tags."""

    form: str
    upos: str
    xpos: str
    entity: str = "O"


def make_lexicons(generator: random.Random) -> dict[str, Lexicon]:
    """Return the made-up words of each part by class; `dev` and `test` have words of their own."""
    lexicons: dict[str, dict[str, list[str]]] = {part: {} for part in PARTS}
    for name, ending in ENDINGS.items():
        words = [first + second + ending for first, second in product(SYLLABLES, repeat=2)]
        generator.shuffle(words)
        for number, part in enumerate(PARTS):
            own = words[NUM_SHARED + (number - 1) * NUM_OWN :][:NUM_OWN] if number else []
            lexicons[part][name] = words[:NUM_SHARED] + own
    return dict(lexicons)


def make_sentence(lexicon: Lexicon, generator: random.Random) -> list[Word]:
    """Return a sentence from a random template; its first letter is a capital."""
    items = generator.choice(TEMPLATES).split()
    words = [word for item in items for word in fill(item, lexicon, generator)]
    first = words[0].form
    return [replace(words[0], form=first[0].upper() + first[1:]), *words[1:]]


def fill(item: str, lexicon: Lexicon, generator: random.Random) -> Iterator[Word]:
    """Yield the words that replace one item of a template."""
    name, _, upos = item.partition("/")
    if upos:
        form = generator.choice(AMBIGUOUS) if name == "AMBIGUOUS" else name
        yield Word(form, upos, XPOS[upos])
    elif name == "COMPANY":
        place = generator.choice(lexicon["PLACE"]).capitalize()
        yield Word(place, "PROPN", "NNP", "B-ORG")
        yield Word(generator.choice(COMPANIES), "PROPN", "NNP", "I-ORG")
    elif name == "VERB":
        yield Word(generator.choice(lexicon["STEM"]) + "ed", "VERB", "VBD")
    elif name == "STEM":
        yield Word(generator.choice(lexicon["STEM"]), "VERB", "VB")
    elif name in ENTITIES:
        yield from make_name(name, lexicon, generator)
    else:
        yield Word(generator.choice(lexicon[name]), UPOS[name], XPOS[UPOS[name]])


def make_name(name: str, lexicon: Lexicon, generator: random.Random) -> Iterator[Word]:
    """Yield the words of a name; half of the persons have a first and a last name."""
    num_words = generator.choice((1, 2)) if name == "PERSON" else 1
    for number in range(num_words):
        form = generator.choice(lexicon[name]).capitalize()
        yield Word(form, "PROPN", "NNP", f"{'I' if number else 'B'}-{ENTITIES[name]}")


def to_conllu(sentence: list[Word], name: str) -> str:
    """Return a sentence in CoNLL-U; "did" and "n't" form one multiword token."""
    text = " ".join(word.form for word in sentence).replace(" n't", "n't").replace(" .", ".")
    lines = [f"# sent_id = {name}", f"# text = {text}"]
    forms = [*(word.form for word in sentence), ""]
    for number, word in enumerate(sentence, start=1):
        if forms[number] == "n't":
            lines.append(f"{number}-{number + 1}\t{word.form}n't" + "\t_" * 8)
        misc = "SpaceAfter=No" if forms[number] == "." else "_"
        lines.append(f"{number}\t{word.form}\t_\t{word.upos}\t{word.xpos}\t_\t_\t_\t_\t{misc}")
    return "\n".join(lines) + "\n\n"


def to_columns(sentence: list[Word]) -> str:
    """Return a sentence in columns: word, part of speech, entity."""
    return "".join(f"{word.form} {word.upos} {word.entity}\n" for word in sentence) + "\n"


def make_review(lexicon: Lexicon, generator: random.Random) -> str:
    """Return one row of the table of reviews."""
    label, other = generator.sample(sorted(OPINIONS), 2)
    words = {
        "FILM": generator.choice(lexicon["NOUN"]).capitalize(),
        "SAME": generator.choice(OPINIONS[label]),
        "OTHER": generator.choice(OPINIONS[other]),
    }
    template = generator.choice(REVIEWS)
    return " ".join(words.get(item, item) for item in template.split()) + f"\t{label}\n"


def write_data(folder: Path, *, num_sentences: int, seed: int) -> None:
    """Write the files of all parts; `dev` and `test` have a quarter of the sentences of `train`."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(seed)
    for part, lexicon in make_lexicons(generator).items():
        size = num_sentences if part == "train" else max(1, num_sentences // 4)
        sentences = [make_sentence(lexicon, generator) for _ in range(size)]
        reviews = [make_review(lexicon, generator) for _ in range(size)]
        contents = {
            "conllu": [to_conllu(each, f"{part}-{n}") for n, each in enumerate(sentences, start=1)],
            "conll": ["-DOCSTART- -X- O\n\n", *map(to_columns, sentences)],
            "tsv": ["text\tlabel\n", *reviews],
        }
        for ending, pieces in contents.items():
            path = folder / f"{part}.{ending}"
            path.write_text("".join(pieces), encoding="utf-8", newline="\n")


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder to write; created if missing")
    parser.add_argument("--sentences", type=int, default=600, help="number of training sentences")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args()
    if options.sentences < 1:
        parser.error(f"--sentences is {options.sentences}; it must be at least 1")
    write_data(options.folder, num_sentences=options.sentences, seed=options.seed)


if __name__ == "__main__":
    main()
