"""The group of commands: unknown names, and a check of standard output. Knows no commands."""

from typing import Any

from typer.core import TyperGroup

from nextword.cli.streams import require_standard_output

#: Commands that write their result to files. They check standard output themselves if they need
#: it; the groups of commands do so for each of their commands.
_KEEP_FILES = frozenset(
    {"bench", "classify", "demo", "export", "inspect", "lab", "mix", "tag", "train", "transduce"}
)


class Commands(TyperGroup):
    """The group of commands, in the order in which they were added."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command named by the first argument.

        Raises:
            ConfigError: There is no such command; the error suggests the nearest one.
        """
        if args[0] not in self.commands and not args[0].startswith("-"):
            from nextword.base import ConfigError, did_you_mean

            raise ConfigError(
                f"there is no command {args[0]!r}.", help=did_you_mean(args[0], self.commands)
            )
        found = super().resolve_command(ctx, args)
        if found[0] not in _KEEP_FILES:
            require_standard_output()
        return found
