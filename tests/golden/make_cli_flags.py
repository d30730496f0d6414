"""Write every command's arguments and options to cli-flags.txt, so that a new one is reviewed.

python tests/golden/make_cli_flags.py
"""

from pathlib import Path

from typer.main import get_command

GOLDEN = Path(__file__).parent / "cli-flags.txt"


def flags_text() -> str:
    """Give one line for each argument and option of each command."""
    from nextword.cli import app

    root = get_command(app)
    lines = _lines("nextword", root)
    for name, command in root.commands.items():
        lines += _lines(f"nextword {name}", command)
    return "\n".join(lines) + "\n"


def _lines(path: str, command) -> list[str]:
    names = [
        "/".join(parameter.opts)
        if parameter.param_type_name == "option"
        else str(parameter.metavar)
        for parameter in command.params
    ]
    return [f"{path} {name}" for name in names]


if __name__ == "__main__":
    GOLDEN.write_text(flags_text(), encoding="utf-8")
