"""Random ARPA files of every shape that KenLM reads, and sentences for them."""

import random

#: Words with characters that some programs take for separators or numbers.
ODD_WORDS = [
    "a\u00a0b",
    "x\u2028y",
    "c\u0085d",
    "e\u3000",
    "\u00e4\u00df",
    "-0.5",
    "1e3",
    "#",
    "\\x",
]
_MARKERS = ["<s>", "</s>"]


def random_arpa(generator: random.Random) -> tuple[str, list[str]]:
    """Return the text of an ARPA file of order 2 to 5, and its ordinary words.

    n-grams are kept at random with their contexts, so that suffixes are missing; back-off weights
    are left out at random, and so is `<unk>`.
    """
    words = [f"w{number}" for number in range(generator.randint(1, 8))]
    words += generator.sample(ODD_WORDS, generator.randint(0, 4))
    unknown = generator.choice([["<unk>"], ["<UNK>"], []])
    orders = [[(word,) for word in [*unknown, *_MARKERS, *words]]]
    for _ in range(generator.randint(1, 4)):
        longer = [
            (*ngram, word)
            for ngram in orders[-1]
            for word in ["</s>", *unknown, *words]
            if ngram[-1] != "</s>" and generator.random() < 0.3
        ]
        orders.append(generator.sample(longer, min(len(longer), 40)))
        if not orders[-1]:
            orders.pop()
            break
    if len(orders) == 1:
        orders.append([("<s>", words[0])])
    return _text(orders, generator), words


def random_sentence(words: list[str], generator: random.Random) -> str:
    """Return a sentence of known and unknown words."""
    return " ".join(generator.choices([*words, "unheard"], k=generator.randint(0, 9)))


def odd_sentence(words: list[str], generator: random.Random) -> tuple[str, bool, bool]:
    """Return a sentence with odd white space and odd words, and the arguments `bos` and `eos`."""
    sentence = random_sentence(words, generator)
    if generator.random() < 0.5:
        gap = generator.choice(["\t", "  ", "\f", "\v", " \n", "\r\n"])
        begin = generator.choice(["", " ", "\t", "\u00a0", "\u3000 "])
        end = generator.choice(["", " ", " </s>", " <s>", " <unk>", " <UNK>", " <pad>", "\u00e9"])
        sentence = begin + sentence.replace(" ", gap) + end
    return sentence, generator.random() < 0.7, generator.random() < 0.7


def _text(orders: list[list[tuple[str, ...]]], generator: random.Random) -> str:
    parts = ["\\data\\\n"]
    parts += [f"ngram {order}={len(ngrams)}\n" for order, ngrams in enumerate(orders, 1)]
    for order, ngrams in enumerate(orders, 1):
        parts.append(f"\n\\{order}-grams:\n")
        for ngram in ngrams:
            backoff = ""
            if order < len(orders) and generator.random() < 0.7:
                backoff = f"\t{generator.choice([generator.uniform(-2, 1), -0.0, 0, -99]):.7g}"
            log_prob = generator.choice([generator.uniform(-5, 0), -99, 0])
            number = generator.choice(["{:.7f}", "{:.5g}", "{:e}"]).format(log_prob)
            parts.append(f"{number}\t{' '.join(ngram)}{backoff}\n")
    return "".join([*parts, "\n\\end\\\n"])
