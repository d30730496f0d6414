"""Tiny tagged files and taggers for tests."""

import random
from pathlib import Path

import torch

from nextword.base import decode
from nextword.tasks.encoding import EncoderConfig, EncoderParts, LabelVocabulary, build_vocabulary
from nextword.tasks.tagging import LabelCodec, Tagger, TaggerParts, TaggingConfig

DETERMINERS, NOUNS, VERBS = ("the", "a"), ("cat", "dog", "bird", "tree"), ("sees", "likes")
PEOPLE, PLACES = ("Ann", "Bob", "Cara"), ("Rome", "Oslo")


def pos_sentence(generator: random.Random) -> list[tuple[str, str]]:
    """A made-up sentence with parts of speech."""
    draw = generator.choice
    return [
        (draw(DETERMINERS), "DET"),
        (draw(NOUNS), "NOUN"),
        (draw(VERBS), "VERB"),
        (draw(DETERMINERS), "DET"),
        (draw(NOUNS), "NOUN"),
        (".", "PUNCT"),
    ][generator.randrange(2) :]


def name_sentence(generator: random.Random) -> list[tuple[str, str]]:
    """A made-up sentence with names in IOB1."""
    draw = generator.choice
    return [
        (draw(PEOPLE), "I-PER"),
        (draw(PEOPLE), "I-PER"),
        (draw(VERBS), "O"),
        (draw(PLACES), "I-LOC"),
        (".", "O"),
    ]


def columns(sentences: list[list[tuple[str, str]]]) -> str:
    """Sentences as a file of columns."""
    return "".join("".join(f"{w} {t}\n" for w, t in sentence) + "\n" for sentence in sentences)


def write_columns(path: Path, *, make=pos_sentence, number: int = 60, seed: int = 0) -> Path:
    """Write a file of made-up sentences."""
    generator = random.Random(seed)
    path.write_text(columns([make(generator) for _ in range(number)]), encoding="utf-8")
    return path


def small_tagger(
    sentences: list[list[tuple[str, str]]], *, decoder: str = "crf", **encoder: object
) -> Tagger:
    """A tagger with random weights, always the same ones."""
    sizes = {"hidden_size": 6, "word_embedding_size": 5, "character_hidden_size": 4}
    config = decode(EncoderConfig, {**sizes, **encoder}, source="test")
    words = [[word for word, _ in sentence] for sentence in sentences]
    codec = LabelCodec.of([[tag for _, tag in sentence] for sentence in sentences], scheme="auto")
    parts = TaggerParts(
        encoder=EncoderParts(config=config, vocabulary=build_vocabulary(words, config)),
        config=codec.resolve(decode(TaggingConfig, {"decoder": decoder}, source="test")),
        codec=codec,
        labels=LabelVocabulary(codec.inside_labels()),
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return Tagger(parts, parts.build())
