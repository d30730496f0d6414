import io
import re

import pytest

from nextword.base import FormatError
from nextword.ngrams.arpa.lines import ArpaLines


def lines_of(data: bytes = b"") -> ArpaLines:
    return ArpaLines(io.BytesIO(data), name="model.arpa")


def test_arpa_lines_skip_blank_ones_and_count_all() -> None:
    lines = lines_of(b"\n first \r\n\n\t\nsecond")

    assert [(lines.number, line) for line in lines] == [(2, b"first"), (5, b"second")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"-1.5", -1.5),
        (b"0", 0.0),
        (b"-.5", -0.5),
        (b"-2.", -2.0),
        (b"-1e-3", -0.001),
        (b"-99", -99.0),
        (b"-inf", -float("inf")),
        (b"-Infinity", -float("inf")),
    ],
)
def test_arpa_lines_log_prob_reads_what_programs_write(field: bytes, value: float) -> None:
    assert lines_of().log_prob(field) == value


@pytest.mark.parametrize("field", [b"", b"-", b"inf", b"nan", b"-0x1", b"--1", b"1e", b"\xd9\xa1"])
def test_arpa_lines_log_prob_refuses_other_things(field: bytes) -> None:
    with pytest.raises(FormatError, match=re.escape("model.arpa, line 0: ") + ".*is not a number"):
        lines_of().log_prob(field)


def test_arpa_lines_backoff_may_be_positive() -> None:
    assert lines_of().backoff(b"+0.5") == 0.5


def test_arpa_lines_fail_names_another_line_and_the_help() -> None:
    with pytest.raises(FormatError, match=re.escape("model.arpa, line 1,234: odd.")) as refusal:
        lines_of().fail("odd.", line=1234, help="Mend it.")

    assert refusal.value.help == "Mend it."
