"""A small ARPA file, and damaged ones made of it."""

import random

ARPA = """\\data\\
ngram 1=5
ngram 2=3
ngram 3=2

\\1-grams:
-1.5\t<unk>\t0
0\t<s>\t-0.3
-0.9\t</s>\t0
-0.7\tred\t-0.25
-0.8\thus\t-0.125

\\2-grams:
-0.4\t<s> red\t-0.2
-0.5\tred hus\t0
-0.6\thus </s>\t0

\\3-grams:
-0.1\t<s> red hus
-0.2\tred hus </s>

\\end\\
"""


def mutated_arpa(generator: random.Random) -> bytes:
    """Change, cut, double or move bytes or lines of a sound file."""
    note = generator.choice(["", "# nextword tokens: word, closed\n"])
    data = bytearray((note + ARPA).encode())
    for _ in range(generator.randint(1, 2)):
        kind = generator.randrange(6)
        place, other = (generator.randrange(max(1, len(data))) for _ in range(2))
        if kind == 0 and data:
            data[place] = generator.randrange(256)
        elif kind == 1:
            del data[min(place, other) : max(place, other)]
        elif kind == 2:
            data[place:place] = data[place : place + generator.randint(1, 20)]
        elif kind == 3 and data:
            data[place] = generator.choice(b"0123456789")
        else:
            lines = bytes(data).splitlines(keepends=True)
            if lines:
                line = lines.pop(generator.randrange(len(lines)))
                if kind == 4:
                    lines.insert(generator.randrange(len(lines) + 1), line)
            data = bytearray(b"".join(lines))
    return bytes(data)
