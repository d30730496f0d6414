"""Quick forms of the fuzzing: every reader returns, or raises an error of nextword."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.targets import TARGETS, seeds_of

#: Parts that readers treat specially.
PIECES = (b"\0", b"\xff", b"\n", b"\r", b'"', b"{", b"[" * 2000, b"1e999", b"-1", b"9" * 400, b"\t")


def mutated(seed: bytes, *, number: int) -> Iterator[bytes]:
    """Iterate over contents with a flipped bit, a part cut out or doubled, or a piece added."""
    generator = random.Random(len(seed))
    for _ in range(number):
        place, other = sorted(generator.randrange(len(seed) + 1) for _ in range(2))
        kind = generator.randrange(4)
        if kind == 0 and place < len(seed):
            flipped = bytearray(seed)
            flipped[place] ^= 1 << generator.randrange(8)
            yield bytes(flipped)
        elif kind == 1:
            yield seed[:place] + seed[other:]
        elif kind == 2:
            yield seed[:other] + seed[place:]
        else:
            yield seed[:place] + generator.choice(PIECES) + seed[other:]


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_read(name: str, tmp_path: Path) -> None:
    if name in ("store", "requests"):
        pytest.skip("a store needs its other files; requests are answered, not read")

    assert all(TARGETS[name].run(seed, tmp_path) for seed in seeds_of(name))


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_seeds_are_read_or_refused(name: str, tmp_path: Path) -> None:
    for seed in seeds_of(name):
        for content in mutated(seed, number=40):
            TARGETS[name].run(content, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
@given(content=st.binary(max_size=200))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(name: str, content: bytes, tmp_path: Path) -> None:
    TARGETS[name].run(content, tmp_path)
