import re

import pytest

from nextword.base import ConfigError, decode
from nextword.families import NgramConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"order": 0}, "model.order is 0; it must be at least 1."),
        ({"order": -3}, "model.order is -3; it must be at least 1."),
        ({"k": 0.0, "smoothing": "add_k"}, "model.k is 0.0; it must be above 0."),
        ({"prune": (0, -1)}, "model.prune[1] is -1; it must be at least 0."),
        (
            {"prune": (0, 1), "smoothing": "add_k"},
            "model.prune is (0, 1), but smoothing add_k has no back-off",
        ),
    ],
)
def test_ngram_config_out_of_range_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        NgramConfig(**values)


def test_ngram_config_decodes_lists_of_toml() -> None:
    values = {"family": "ngram", "order": 3, "prune": [0, 0, 1], "unknown": "kenlm"}

    config = decode(NgramConfig, values, source="model")

    assert config == NgramConfig(order=3, prune=(0, 0, 1), unknown="kenlm")


def test_ngram_config_unknown_smoothing_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=re.escape("Did you mean 'kneser_ney'?")):
        decode(NgramConfig, {"smoothing": "kneserney"}, source="model")
