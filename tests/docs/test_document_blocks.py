"""The finder and runner of documentation examples, on pages made here."""

import traceback
from pathlib import Path

import pytest

from document_blocks import ExampleError, run_page, runnable_blocks, session_commands


def page(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_runnable_blocks_several_languages_gives_runnable_ones_in_order() -> None:
    markdown = page("```bash", "ls", "```", "```toml", "a = 1", "```", "```python", "b = 2", "```")

    blocks = list(runnable_blocks(markdown))

    assert [(block.language, block.source, block.line) for block in blocks] == [
        ("bash", "ls\n", 2),
        ("python", "b = 2\n", 8),
    ]


def test_runnable_blocks_marker_right_before_leaves_that_block_out() -> None:
    markdown = page("<!-- not run: slow -->", "```bash", "a", "```", "```bash", "b", "```")

    assert [block.source for block in runnable_blocks(markdown)] == ["b\n"]


def test_runnable_blocks_marker_without_reason_runs() -> None:
    markdown = page("<!-- not run: -->", "```bash", "a", "```")

    assert len(list(runnable_blocks(markdown))) == 1


def test_runnable_blocks_directive_is_not_run() -> None:
    assert list(runnable_blocks(page("```{toctree}", "a", "```"))) == []


def test_runnable_blocks_never_closed_is_refused() -> None:
    with pytest.raises(ExampleError, match="starts at line 1 is never closed"):
        list(runnable_blocks("```bash\nls\n"))


def test_run_page_python_blocks_share_a_namespace(tmp_path: Path) -> None:
    run_page(
        page("```python", "a = 1", "```", "```python", "assert a == 1", "```"),
        page="p.md",
        folder=tmp_path,
    )


def test_run_page_failing_python_names_the_line_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_page(page("", "", "```python", "1 / 0", "```"), page="p.md", folder=tmp_path)

    innermost = traceback.extract_tb(caught.tb)[-1]
    assert (innermost.filename, innermost.lineno) == ("p.md", 4)


def test_run_page_failing_command_is_refused_with_its_errors(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match=r"(?s)p\.md:2: exit code 3 .*alas"):
        run_page(page("```bash", "echo alas >&2; exit 3", "```"), page="p.md", folder=tmp_path)


def test_run_page_bash_stops_at_the_first_failure(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="exit code 1"):
        run_page(page("```bash", "false", "true", "```"), page="p.md", folder=tmp_path)


def test_run_page_shell_works_in_the_folder(tmp_path: Path) -> None:
    run_page(page("```console", "$ touch made", "```"), page="p.md", folder=tmp_path)

    assert (tmp_path / "made").exists()


def test_run_page_console_with_other_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match=r"(?s)expected:\n4\n.*printed:\n5\n"):
        run_page(page("```console", "$ echo 5", "4", "```"), page="p.md", folder=tmp_path)


def test_run_page_console_dots_match_anything(tmp_path: Path) -> None:
    run_page(
        page("```console", "$ echo loss 1.23 nats", "loss ... nats", "```"),
        page="p.md",
        folder=tmp_path,
    )


def test_session_commands_continued_line_is_one_command() -> None:
    source = "$ echo a \\\n>   b\na b\n$ ls\n"

    assert list(session_commands(source)) == [("echo a b", "a b\n"), ("ls", "")]


def test_run_page_text_below_python_is_its_output(tmp_path: Path) -> None:
    markdown = page("```python", "print(1.25)", "```", "", "```text", "1.3", "```")

    with pytest.raises(ExampleError, match=r"(?s)p\.md:2:.*expected:\n1.3\n.*printed:\n1.25\n"):
        run_page(markdown, page="p.md", folder=tmp_path)


@pytest.mark.parametrize("output", ["b", "a\nb"])
def test_run_page_text_below_bash_is_output_with_or_without_errors(
    output: str, tmp_path: Path
) -> None:
    markdown = page("```bash", "echo b; echo a >&2", "```", "```text", output, "```")

    run_page(markdown, page="p.md", folder=tmp_path)


def test_run_page_other_text_below_bash_is_refused(tmp_path: Path) -> None:
    markdown = page("```bash", "echo b", "```", "```text", "c", "```")

    with pytest.raises(ExampleError, match="expected:\nc\n\nprinted:\nb\n"):
        run_page(markdown, page="p.md", folder=tmp_path)


def test_runnable_blocks_text_after_a_sentence_is_not_output() -> None:
    markdown = page("```bash", "ls", "```", "", "Not that:", "", "```text", "a", "```")

    assert [block.output for block in runnable_blocks(markdown)] == [""]
