"""`--encoding`: ARPA files whose words are not UTF-8, in every command that takes a MODEL."""

from pathlib import Path

import pytest

from arpa_files import ARPA
from cli.caller import Call
from cli.test_bad_input import refused

COMMANDS: dict[str, list[str]] = {
    "info": [],
    "next": ["red", "-k", "1"],
    "score": ["{text}"],
    "generate": ["--max-tokens", "2"],
    "evaluate": ["--text", "{text}"],
    "export": ["--to", "arpa", "--out", "{out}"],
    "audit": ["--text", "{text}"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_reads_an_arpa_file_in_the_encoding_that_is_named(
    command: str, cli: Call, tmp_path: Path
) -> None:
    path, text = tmp_path / "old.lm", tmp_path / "text.txt"
    path.write_bytes(ARPA.replace("hus", "h\xfcs").encode("latin-1"))
    text.write_text("red h\xfcs\n" * 20, encoding="utf-8")
    rest = [word.format(text=text, out=tmp_path / "out") for word in COMMANDS[command]]

    assert "--encoding latin-1" in refused(cli(command, path, *rest))
    finished = cli(command, path, *rest, "--encoding", "latin-1")

    # The file is no true distribution, which the audit says.
    assert finished.code == (1 if command == "audit" else 0), finished.err
    if command == "score":
        assert finished.out.startswith("-1.6118\tred h\xfcs\n")


def test_encoding_of_a_model_folder_is_refused(cli: Call, ngram_run: Path) -> None:
    assert "is only used for ARPA files" in refused(cli("info", ngram_run, "--encoding", "latin-1"))
