from typing import Any

import pytest

from nextword.base import ConfigError, decode, encode
from nextword.layers import (
    AdaptiveSoftmax,
    ChunkedSoftmax,
    FullSoftmax,
    OutputConfig,
    SampledSoftmax,
)


@pytest.mark.parametrize(
    "config",
    [OutputConfig(), OutputConfig(kind="adaptive", cutoffs=(3, 9))],
    ids=["default", "cutoffs"],
)
def test_output_config_survives_encoding(config: OutputConfig) -> None:
    assert decode(OutputConfig, encode(config), source="test") == config


@pytest.mark.parametrize(
    ("kind", "built"),
    [
        ("auto", FullSoftmax),
        ("full", FullSoftmax),
        ("chunked", ChunkedSoftmax),
        ("adaptive", AdaptiveSoftmax),
        ("sampled", SampledSoftmax),
    ],
)
def test_factory_builds_the_kind(kind: Any, built: type) -> None:
    config = OutputConfig(kind=kind, num_samples=5)

    output = config.factory(vocab_size=20)(4, 20, never_ids=(0,), tied_weight=None)

    assert type(output) is built


def test_settled_leaves_nothing_to_choose() -> None:
    resolved = OutputConfig().resolved(vocab_size=267_735, num_positions=700)

    assert resolved == OutputConfig(kind="adaptive", cutoffs=(4183, 16732, 66928))
    assert resolved.resolved(vocab_size=50_000) == resolved


def test_settled_keeps_given_cutoffs() -> None:
    config = OutputConfig(kind="adaptive", cutoffs=(10, 20))

    assert config.resolved(vocab_size=267_735) == config


def test_choice_of_a_named_kind_says_that_it_was_asked_for() -> None:
    choice = OutputConfig(kind="sampled").choice(vocab_size=10_000)

    assert str(choice) == "sampled, because output.kind asks for it"


@pytest.mark.parametrize(
    ("values", "message", "help"),
    [
        (
            {"kind": "adaptve"},
            "kind is 'adaptve'",
            "Did you mean 'adaptive'? Register your own with nextword.register_output.",
        ),
        (
            {"kind": "adaptive", "cutoffs": [20, 10]},
            r"output\.cutoffs is \[20, 10\], out of order",
            "Write output.cutoffs=[10, 20].",
        ),
        (
            {"kind": "adaptive", "cutoffs": []},
            r"output\.cutoffs is \[\]; it must be one or more ids",
            "Leave output.cutoffs out to have them chosen by the size of the vocabulary.",
        ),
        ({"kind": "adaptive", "narrowing": 0}, "narrowing is 0; it must be at least 1", ""),
        (
            {"kind": "full", "cutoffs": [10]},
            r"output\.cutoffs is given, but output\.kind is 'full'",
            "Set output.kind=adaptive, or leave them out: --set output.cutoffs=",
        ),
        ({"kind": "sampled", "num_samples": 0}, "num_samples is 0; it must be at least 1", ""),
    ],
)
def test_output_config_bad_values_are_refused(
    values: dict[str, Any], message: str, help: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        decode(OutputConfig, values, source="run.toml")

    assert caught.value.help == help
