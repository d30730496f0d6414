from dataclasses import replace

from benchmark_cases import made_up_growth, made_up_result
from nextword.benchmarking import case_table, comparison_table, machine_line

MACHINE = {
    "cpu": "A Chip",
    "cores": 4,
    "threads": 2,
    "instruction_set": "AVX2",
    "kernels": "avx2",
    "torch": "2.13.0",
    "date": "2026-11-21",
}


def test_case_table_of_a_step_has_a_row_a_contender() -> None:
    table = case_table(made_up_result().to_dict())

    assert table.title == "step-made-up: made up"
    assert table.head == ("", "ms", "relative time", "tokens/s", "of peak")
    assert table.rows == (
        ("nextword (bfloat16)", "88.9", "", "7,874", "72%"),
        ("torch, allocator set (float32)", "260", "2.92 (2.63 to 3.50)", "2,692", "48%"),
    )


def test_case_table_says_how_its_figures_came_to_be() -> None:
    note = case_table(made_up_result().to_dict()).note

    assert note == (
        "backends native, native; medians of at least 5 samples, 2 discarded; "
        "largest difference from float64: outputs, 4.1e-03 (limit 2e-02)"
    )


def test_case_table_of_outputs_has_memory_and_no_tokens() -> None:
    table = case_table(made_up_result(kind="outputs").to_dict())

    assert table.head == ("", "ms", "relative time", "memory, MiB")
    assert table.rows[0][-1] == "1,234"


def test_case_table_reads_reports_from_before_the_newest_fields() -> None:
    values = made_up_result().to_dict()
    del values["parity"]["reference"]
    for row in values["rows"]:
        del row["peak_memory_mib"]

    assert case_table(values) == case_table(made_up_result().to_dict())


def test_case_table_name_that_says_its_format_does_not_say_it_twice() -> None:
    result = made_up_result()
    named = replace(result.rows[1], name="torch, float32")

    table = case_table(replace(result, rows=(result.rows[0], named)).to_dict())

    assert table.rows[1][0] == "torch, float32"


def test_case_table_of_growth_has_a_row_a_size() -> None:
    table = case_table(made_up_growth(axis="vocab_size").to_dict())

    assert table.head == (
        "words", "nextword, ms", "exponent", "torch, allocator set, ms", "exponent"
    )  # fmt: skip
    assert table.rows[0] == ("10", "10", "", "30", "")
    assert table.rows[2] == ("40", "40", "1.00", "120", "1.00")


def test_comparison_table_has_a_row_a_case_and_a_column_a_contender() -> None:
    other = made_up_result(case="step-other")
    alone = replace(other, rows=other.rows[:1])

    table = comparison_table([made_up_result().to_dict(), alone.to_dict()])

    assert table.head == ("case", "nextword", "torch, allocator set", "of peak")
    assert table.rows == (
        ("`step-made-up`", "88.9 ms", "260 ms, 2.92 times", "72%"),
        ("`step-other`", "88.9 ms", "", "72%"),
    )


def test_comparison_table_of_outputs_has_memory_and_no_peak() -> None:
    table = comparison_table([made_up_result(kind="outputs").to_dict()])

    assert table.head == ("case", "nextword", "torch, allocator set")
    assert table.rows[0][1] == "88.9 ms, 1,234 MiB"


def test_table_to_markdown_has_columns_of_numbers_to_the_right() -> None:
    lines = comparison_table([made_up_result().to_dict()]).to_markdown().splitlines()

    assert lines[0] == "| case | nextword | torch, allocator set | of peak |"
    assert lines[1] == "| --- | --: | --: | --: |"
    assert len(lines) == 3


def test_machine_line_says_what_a_speed_depends_on() -> None:
    assert machine_line(MACHINE) == (
        "A Chip, 2 threads on 4 cores, AVX2, kernels for avx2, torch 2.13.0, 2026-11-21"
    )
    assert "no compiled kernels" in machine_line({**MACHINE, "kernels": None})
