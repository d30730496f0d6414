"""The names that a setting accepts, with the value of each; users can register more."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened
from nextword.base.suggestions import did_you_mean

Value = TypeVar("Value")


class Registry(Mapping[str, Value]):
    """A mapping from the names that a setting accepts to their values.

    Args:
        known: The built-in names, which cannot be replaced.
        setting: The setting, for error messages.
        register: The function that registers more names, for error messages.
        reserved: Names with another meaning in that setting.

    Example:
        >>> cells = Registry({"gru": 3}, setting="cell", register="nextword.register_cell")
        >>> cells.add("mine", 4)
        >>> sorted(cells), cells["mine"]
        (['gru', 'mine'], 4)
    """

    def __init__(
        self,
        known: Mapping[str, Value],
        *,
        setting: str,
        register: str,
        reserved: tuple[str, ...] = (),
    ) -> None:
        self._values = dict(known)
        self._setting = setting
        self._register = register
        self._reserved = reserved
        self._fixed = frozenset(known) | frozenset(reserved)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, name: str, value: Value, *, replace: bool = False) -> None:
        """Register a name.

        Args:
            name: The name in the setting.
            value: Its value.
            replace: Whether to replace a value that was registered under the same name before.

        Raises:
            ConfigError: The name is taken.
        """
        if name in self._fixed:
            raise ConfigError(
                f"{self._setting} {name!r} is built in; it cannot be registered.",
                help="Choose another name.",
            )
        if name in self._values and not replace:
            raise ConfigError(
                f"{self._setting} {name!r} is already registered.",
                help="Choose another name, or replace it with replace=True.",
            )
        self._values[name] = value

    def check(self, name: str) -> None:
        """Raise ConfigError if a name is unknown."""
        if name not in self._values and name not in self._reserved:
            message = f"{self._setting} is {shortened(name)}, which is unknown."
            raise ConfigError(message, help=self.hint(name))

    def hint(self, name: str) -> str:
        """Return the help line for an unknown name."""
        nearest = did_you_mean(name, [*self._values, *self._reserved])
        return f"{nearest} Register your own with {self._register}."
