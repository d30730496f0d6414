"""Nested settings from the options of `train`. Knows neither files nor models."""

from collections.abc import Sequence

from nextword.base import ConfigError, Layer, Values, parse_override


def training_settings(
    *,
    overrides: Sequence[str] = (),
    valid: Sequence[str] = (),
    test: Sequence[str] = (),
    split: str | None = None,
    init: str | None = None,
    field: str | None = None,
    encoding_errors: str | None = None,
    device: str | None = None,
    seed: int | None = None,
) -> list[Values]:
    """Return layers of nested settings; a later layer overrides earlier ones.

    Args:
        overrides: Values of `--set`, in order. They come before all other options.
        valid: Validation texts.
        test: Test texts.
        split: Three shares of the text, separated by commas.
        init: Model to start from.
        field: Key of the text in JSON lines.
        encoding_errors: `strict` or `surrogateescape`.
        device: Device to train on.
        seed: Random seed.

    Raises:
        ConfigError: A `--set` or the split is malformed.
    """
    named = {
        "--valid": ("text", "valid", list(valid) or None),
        "--test": ("text", "test", list(test) or None),
        "--split": ("text", "split", None if split is None else parse_split(split)),
        "--init": ("text", "init", init),
        "--field": ("text", "field", field),
        "--encoding-errors": ("text", "encoding_errors", encoding_errors),
        "--device": ("training", "device", device),
        "--seed": ("training", "seed", seed),
    }
    return [
        *(Layer(parse_override(text), source="--set") for text in overrides),
        *(
            Layer({section: {key: value}}, source=option)
            for option, (section, key, value) in named.items()
            if value is not None
        ),
    ]


def parse_split(text: str) -> list[float]:
    """Parse three numbers separated by commas.

    Raises:
        ConfigError: The text does not consist of three numbers.

    Example:
        >>> parse_split("0.9,0.05,0.05")
        [0.9, 0.05, 0.05]
    """
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != 3:
        raise ConfigError(
            f"--split {text!r} is not three numbers.",
            help="Give training, validation and test, for example --split 0.9,0.05,0.05.",
        )
    return shares
