"""Write made stories with questions, for `nextword read`.

    python examples/make_stories.py two-fact stories

writes stories/train.jsonl, stories/valid.jsonl and stories/test.jsonl. Each line has a passage, a
question, its answer, and the numbers of the sentences that the answer follows from. The modes are:

- `two-fact`: where an object is. One sentence tells who has or left it, another where that person
  was; no sentence contains both the object and its place.
- `conversation`: questions such as "What does she carry?", whose pronoun refers to a person in an
  earlier question of the conversation. The training file also has questions with names.
- `free`: questions whose answers are written, not copied: "from the hall to the attic".

Test stories are longer than those of the training file, and by default than those of the
validation file. The same seed gives the same files.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WOMEN = ("Anna", "Maria", "Sofia", "Laura", "Emma")
MEN = ("Paul", "Oscar", "Felix", "Leo", "Hugo")
PLACES = ("kitchen", "garden", "office", "cellar", "attic", "hall", "library", "garage")
OBJECTS = ("apple", "book", "lamp", "cup", "ball", "key", "hat", "coin")
_MOVES = ("went to", "walked to", "moved to")
_TAKES = ("took", "picked up", "grabbed")
_DROPS = ("dropped", "put down", "left")


@dataclass
class Person:
    """A person of a story: where they have been, and what they carry.

    Attributes:
        name: The name.
        moves: The number of the sentence and the place of every move.
        carries: The number of the sentence in which each object that is carried was taken.
    """

    name: str
    moves: list[tuple[int, str]] = field(default_factory=list)
    carries: dict[str, int] = field(default_factory=dict)

    @property
    def place(self) -> str | None:
        """Where the person is; None if no sentence tells."""
        return self.moves[-1][1] if self.moves else None


@dataclass
class Story:
    """A story with the state of its people and objects at its end.

    Attributes:
        people: The people by name.
        sentences: The sentences.
        lying: For each object that was left, the sentence of that, the sentence of the move that
            tells the place, and the place.
    """

    people: dict[str, Person]
    sentences: list[str] = field(default_factory=list)
    lying: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def tell(self, sentence: str) -> int:
        """Add a sentence, and return its number from 1."""
        self.sentences.append(sentence)
        return len(self.sentences)


def make_story(generator: random.Random, *, num_sentences: int) -> Story:
    """Return a story of people who move, take things and leave them.

    Args:
        generator: The source of random numbers.
        num_sentences: Number of sentences.
    """
    names = generator.sample(WOMEN, 2) + generator.sample(MEN, 2)
    generator.shuffle(names)
    story = Story({name: Person(name) for name in names})
    objects = generator.sample(OBJECTS, 4)
    while len(story.sentences) < num_sentences:
        person = story.people[generator.choice(names)]
        happens = generator.choices((_move, _take, _drop), (5, 3, 2))[0]
        happens(story, person, objects, generator)
    return story


def _move(story: Story, person: Person, _: list[str], generator: random.Random) -> None:
    place = generator.choice([place for place in PLACES if place != person.place])
    number = story.tell(f"{person.name} {generator.choice(_MOVES)} the {place}.")
    person.moves.append((number, place))


def _take(story: Story, person: Person, objects: list[str], generator: random.Random) -> None:
    carried = {each for other in story.people.values() for each in other.carries}
    free = [
        each
        for each in objects
        if each not in carried and story.lying.get(each, (0, 0, person.place))[2] == person.place
    ]
    if free and len(person.carries) < 1:
        found = generator.choice(free)
        number = story.tell(f"{person.name} {generator.choice(_TAKES)} the {found}.")
        person.carries[found] = number
        story.lying.pop(found, None)


def _drop(story: Story, person: Person, _: list[str], generator: random.Random) -> None:
    if person.carries and person.moves:
        left = generator.choice(sorted(person.carries))
        del person.carries[left]
        number = story.tell(f"{person.name} {generator.choice(_DROPS)} the {left}.")
        story.lying[left] = (number, *person.moves[-1])


Item = dict[str, Any]


def _item(story: Story, question: str, answer: str, supporting: list[int]) -> Item:
    return {
        "passage": " ".join(story.sentences),
        "question": question,
        "answer": answer,
        "supporting": supporting,
    }


def two_fact_items(story: Story, generator: random.Random) -> list[Item]:
    """Return a question about the place of an object, if two sentences tell it."""
    known = {each: ([number, move], place) for each, (number, move, place) in story.lying.items()}
    for person in story.people.values():
        for each, number in person.carries.items():
            if person.moves:
                known[each] = ([number, person.moves[-1][0]], person.moves[-1][1])
    if not known:
        return []
    thing = generator.choice(sorted(known))
    supporting, place = known[thing]
    return [_item(story, f"Where is the {thing}?", place, supporting)]


def _person_questions(person: Person, name: str) -> list[tuple[str, str, list[int]]]:
    """Return the questions about a person, with the answers and their sentences."""
    found = []
    if person.moves:
        found.append((f"Where is {name}?", person.moves[-1][1], [person.moves[-1][0]]))
    if len(person.moves) > 1:
        number, place = person.moves[-2]
        found.append((f"Where was {name} before?", place, [number]))
    for thing, number in person.carries.items():
        found.append((f"What does {name} carry?", thing, [number]))
    return found


def conversation_items(story: Story, generator: random.Random) -> list[Item]:
    """Return the turns of a conversation; in every turn but the first, a pronoun may stand."""
    history: list[dict[str, str]] = []
    last: dict[str, str] = {}
    items = []
    for _ in range(generator.randint(2, 4)):
        name = generator.choice(sorted(story.people))
        pronoun = "she" if name in WOMEN else "he"
        if last:
            pronoun = generator.choice(sorted(last))
            with_pronoun = generator.random() < 0.7
            name = last[pronoun] if with_pronoun else name
            pronoun = "she" if name in WOMEN else "he"
        is_known = last.get(pronoun) == name and generator.random() < 0.9
        questions = _person_questions(story.people[name], pronoun if is_known else name)
        asked = {(turn["question"], last.get(pronoun)) for turn in history[-1:]}
        questions = [each for each in questions if (each[0], name) not in asked]
        if not questions:
            continue
        question, answer, supporting = generator.choice(questions)
        item = _item(story, question, answer, supporting)
        items.append({**item, "history": list(history), "is_pronoun": is_known})
        history.append({"question": question, "answer": answer})
        last[pronoun] = name
    return items


def free_items(story: Story, generator: random.Random) -> list[Item]:
    """Return a question whose answer is written."""
    found = []
    for person in story.people.values():
        if len(person.moves) > 1:
            (first, origin), (second, end) = person.moves[-2:]
            answer = f"from the {origin} to the {end}"
            found.append((f"Which way did {person.name} go?", answer, [first, second]))
        for thing, number in person.carries.items():
            if person.moves:
                move, place = person.moves[-1]
                answer = f"{person.name} has it in the {place}"
                found.append((f"What about the {thing}?", answer, [number, move]))
    for thing, (number, move, place) in story.lying.items():
        found.append((f"What about the {thing}?", f"it lies in the {place}", [number, move]))
    if not found:
        return []
    return [_item(story, *generator.choice(found))]


_MODES: dict[str, Callable[[Story, random.Random], list[Item]]] = {
    "two-fact": two_fact_items,
    "conversation": conversation_items,
    "free": free_items,
}


def make_items(
    mode: str,
    generator: random.Random,
    *,
    num_sentences: tuple[int, int],
    only_pronouns: bool = False,
) -> Iterator[Item]:
    """Yield questions of different stories without end.

    Args:
        mode: `two-fact`, `conversation` or `free`.
        generator: The source of random numbers.
        num_sentences: Smallest and largest number of sentences of a story.
        only_pronouns: Of a conversation, leave out the questions with a name.
    """
    while True:
        story = make_story(generator, num_sentences=generator.randint(*num_sentences))
        items = _MODES[mode](story, generator)
        if items:
            item = generator.choice(items)
            is_pronoun = item.pop("is_pronoun", True)
            if is_pronoun or not only_pronouns:
                yield item


def main() -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=_MODES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=20_000, help="number of training questions")
    parser.add_argument("--held-out", type=int, default=1_000, help="of the two other files each")
    parser.add_argument("--sentences", type=int, nargs=2, default=(4, 10), metavar=("MIN", "MAX"))
    parser.add_argument(
        "--valid-sentences", type=int, nargs=2, metavar=("MIN", "MAX"), help="as --sentences"
    )
    parser.add_argument(
        "--test-sentences", type=int, nargs=2, default=(11, 16), metavar=("MIN", "MAX")
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    lengths = tuple(arguments.sentences)
    parts = {
        "train": (arguments.items, lengths),
        "valid": (arguments.held_out, tuple(arguments.valid_sentences or lengths)),
        "test": (arguments.held_out, tuple(arguments.test_sentences)),
    }
    for place, (part, (number, num_sentences)) in enumerate(parts.items()):
        items = make_items(
            arguments.mode,
            random.Random(1_000 * arguments.seed + place),
            num_sentences=num_sentences,
            only_pronouns=part != "train",
        )
        with (arguments.folder / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            for _ in range(number):
                file.write(json.dumps(next(items)) + "\n")


if __name__ == "__main__":
    main()
