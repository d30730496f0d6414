"""Names that a setting may have, and what each stands for; more can join from outside."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened
from nextword.base.suggestions import did_you_mean

Value = TypeVar("Value")


class Registry(Mapping[str, Value]):
    """What each name stands for.

    Args:
        known: What nextword itself brings; it stays as it is.
        setting: The setting that names one, for errors.
        register: The function by which more join, for errors.
        reserved: Names that mean something else in that setting.

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
        """Let a name stand for a value from now on.

        Args:
            name: What the setting will call it.
            value: What it stands for.
            replace: Whether an earlier value of that name, from outside too, gives way.

        Raises:
            ConfigError: The name is taken.
        """
        if name in self._fixed:
            raise ConfigError(
                f"{self._setting} {name!r} is nextword's own; it cannot be registered.",
                help="Choose another name.",
            )
        if name in self._values and not replace:
            raise ConfigError(
                f"{self._setting} {name!r} is registered already.",
                help="Choose another name, or let the new one take its place by replace=True.",
            )
        self._values[name] = value

    def check(self, name: str) -> None:
        """Refuse a name that stands for nothing.

        Raises:
            ConfigError: It is unknown.
        """
        if name not in self._values and name not in self._reserved:
            raise ConfigError(
                f"{self._setting} is {shortened(name)}, which is unknown.", help=self.hint(name)
            )

    def hint(self, name: str) -> str:
        """Say what may have been meant by a name that is unknown."""
        nearest = did_you_mean(name, [*self._values, *self._reserved])
        return f"{nearest} One of your own is known after {self._register}."
