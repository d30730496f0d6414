"""What a property of a text is: a value after each character. Knows no models."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from nextword.base import DataError

#: One value per character of a text; NaN where the property is not defined.
Values = Float[np.ndarray, " num_characters"]
Kind = Literal["binary", "numeric"]


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property of a text that a unit may track.

    The value at a character is that after the character has been read: inside a string from the
    opening quote to the last character before the closing quote, for example.

    Attributes:
        name: Name of the property.
        kind: `binary`, with values 0 and 1, or `numeric`.
        values: Returns the value after each character of a document, (num_characters); NaN where
            it is not defined.
        source: How the values are computed, for reports, such as `tokenize` or `scanner`.

    Example:
        >>> import numpy as np
        >>> vowels = Property(
        ...     name="vowel",
        ...     kind="binary",
        ...     values=lambda text: np.array([each in "aeiou" for each in text], dtype=float),
        ... )
        >>> vowels.of("tea").tolist()
        [0.0, 1.0, 1.0]
    """

    name: str
    kind: Kind
    values: Callable[[str], np.ndarray]
    source: str = "function"

    def of(self, text: str) -> Values:
        """Return the checked values of a document, (num_characters).

        Args:
            text: The whole document.

        Raises:
            DataError: The function returned another number of values, or values that are not 0 or
                1 for a binary property.
        """
        found = np.asarray(self.values(text), dtype=np.float64)
        if found.shape != (len(text),):
            raise DataError(
                f"the property {self.name!r} returned values of shape {found.shape} for a text of "
                f"{len(text)} characters.",
                help="Return one value per character.",
            )
        known = found[~np.isnan(found)]
        if self.kind == "binary" and not np.isin(known, (0.0, 1.0)).all():
            wrong = known[~np.isin(known, (0.0, 1.0))][0]
            raise DataError(
                f"the binary property {self.name!r} has the value {wrong:g}.",
                help="Return 0 or 1, or set kind='numeric'.",
            )
        return found
