"""Write pairs of a date as people write it and its ISO form, for `nextword transduce`.

    python examples/make_dates.py dates

writes dates/train.tsv with 18,000 pairs, and dates/valid.tsv and dates/test.tsv with 1,000 pairs
each, such as "Tuesday, 3rd of June 1958<TAB>1958-06-03". No source is in two files. The same seed
gives the same files.
"""

import argparse
import random
from datetime import date, timedelta
from pathlib import Path

_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_HELD_OUT = {"valid": 1_000, "test": 1_000}


def ordinal(day: int) -> str:
    """Return the day with its English ending, such as `3rd`."""
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def write_date(day: date, generator: random.Random) -> str:
    """Return a date in a random style."""
    month = day.strftime(generator.choice(["%B", "%b"]))
    number = generator.choice([str(day.day), ordinal(day.day)])
    text = generator.choice(
        [
            f"{number} {month} {day.year}",
            f"{month} {number}, {day.year}",
            f"{number} of {month} {day.year}",
            f"{day.day}.{day.month}.{day.year}",
            f"{day.year}/{day.month:02}/{day.day:02}",
        ]
    )
    if generator.random() < 0.3:
        text = f"{day.strftime('%A')}, {text}"
    return generator.choice([text, text, text.lower(), text.upper()])


def make_pairs(number: int, *, seed: int) -> list[tuple[str, str]]:
    """Return pairs with different sources.

    Args:
        number: Number of pairs.
        seed: Seed of the random numbers.
    """
    generator = random.Random(seed)
    pairs: dict[str, str] = {}
    while len(pairs) < number:
        day = _FIRST + timedelta(days=generator.randrange((_LAST - _FIRST).days + 1))
        pairs[write_date(day, generator)] = day.isoformat()
    return list(pairs.items())


def main() -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=18_000, help="number of training pairs")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    sizes = _HELD_OUT | {"train": arguments.pairs}
    pairs = make_pairs(sum(sizes.values()), seed=arguments.seed)
    for part, size in sizes.items():
        lines = [f"{source}\t{target}\n" for source, target in pairs[:size]]
        (arguments.folder / f"{part}.tsv").write_text("".join(lines), encoding="utf-8")
        pairs = pairs[size:]


if __name__ == "__main__":
    main()
