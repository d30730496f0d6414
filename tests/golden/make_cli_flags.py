"""Write every command's arguments and options to cli-flags.txt, so that a new one is reviewed.

python tests/golden/make_cli_flags.py
"""

from pathlib import Path

from typer.main import get_command

GOLDEN = Path(__file__).parent / "cli-flags.txt"


def flags_text() -> str:
    """Give one line for each argument and option of each command."""
    from nextword.cli import app

    return "\n".join(_lines("nextword", get_command(app))) + "\n"


def _lines(path: str, command) -> list[str]:
    names = [
        "/".join(parameter.opts)
        if parameter.param_type_name == "option"
        else str(parameter.metavar)
        for parameter in command.params
    ]
    lines = [f"{path} {name}" for name in names]
    for name, below in getattr(command, "commands", {}).items():
        lines += _lines(f"{path} {name}", below)
    return lines


if __name__ == "__main__":
    GOLDEN.write_text(flags_text(), encoding="utf-8")
