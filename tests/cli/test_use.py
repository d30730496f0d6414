"""Using a model: generate, next, score, info."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import nextword as nw
from cli.caller import Call
from families import CASES
from nextword.cli.info import measured_figures
from nextword.cli.output import visible


def test_generate_prompt_on_standard_input_has_no_byte_order_mark(
    cli: Call, word_run: Path
) -> None:
    finished = cli(
        "generate", word_run, "--prompt", "-", "--max-tokens", 1, stdin=b"\xef\xbb\xbfw3"
    )

    assert finished.out.startswith("w3")


def test_generate_begins_with_the_prompt_and_equals_the_library(cli: Call, word_run: Path) -> None:
    finished = cli("generate", word_run, "--prompt", "w1 w2", "--max-tokens", 9, "--seed", 3)

    text = "w1 w2" + nw.load(word_run).generate("w1 w2", max_tokens=9, seed=3)
    assert finished.out == (text if text.endswith("\n") else text + "\n")


def test_generate_reads_the_prompt_from_standard_input(cli: Call, word_run: Path) -> None:
    finished = cli("generate", word_run, "--prompt", "-", "--max-tokens", 2, stdin=b"w3\nw4")

    assert finished.out.startswith("w3\nw4")


def test_generate_several_samples_stand_under_their_numbers(cli: Call, word_run: Path) -> None:
    finished = cli("generate", word_run, "--prompt", "w1", "--samples", 3, "--max-tokens", 4)

    lines = finished.out.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("--- sample ")]
    assert [lines[number] for number in heads] == [f"--- sample {n} ---" for n in (1, 2, 3)]
    assert all(lines[number + 1].startswith("w1") for number in heads)


def test_generate_json_has_its_keys(cli: Call, word_run: Path) -> None:
    finished = cli(
        "generate", word_run, "--prompt", "w1", "--samples", 2, "--max-tokens", 4, "--json"
    )

    value = json.loads(finished.out)
    assert list(value) == ["schema", "prompt", "seed", "samples"]
    assert [list(sample) for sample in value["samples"]] == [
        ["text", "num_tokens", "log_prob", "finish_reason"]
    ] * 2


def test_generate_every_option_reaches_the_sampler(cli: Call, word_run: Path) -> None:
    expected = nw.load(word_run).samples(
        "w1",
        max_tokens=12,
        temperature=0.7,
        top_k=5,
        top_p=0.8,
        min_p=0.05,
        repetition_penalty=1.3,
        stop=("w2", "w3"),
        seed=4,
    )[0]

    finished = cli(
        *("generate", word_run, "--prompt", "w1", "--max-tokens", 12, "--seed", 4, "--json"),
        *("--temperature", 0.7, "--top-k", 5, "--top-p", 0.8, "--min-p", 0.05),
        *("--repetition-penalty", 1.3, "--stop", "w2", "--stop", "w3", "--device", "cpu"),
    )

    sample = json.loads(finished.out)["samples"][0]
    assert (sample["text"], sample["finish_reason"]) == (expected.text, expected.finish_reason)


def test_generate_bytes_go_out_as_they_are(cli: Call, byte_run: Path) -> None:
    finished = cli("generate", byte_run, "--prompt", "-", "--max-tokens", 1, stdin=b"a\xff")

    assert finished.out.startswith("a\udcff")


def test_next_json_has_its_keys(cli: Call, word_run: Path) -> None:
    value = json.loads(cli("next", word_run, "w1 w2", "-k", 3, "--json").out)

    assert list(value) == ["schema", "context", "next"]
    assert [list(item) for item in value["next"]] == [["token", "probability"]] * 3
    assert [item["token"] for item in value["next"]] == [
        token for token, _ in nw.load(word_run).next_words("w1 w2", k=3)
    ]


def test_next_prints_probability_and_token(cli: Call, word_run: Path) -> None:
    lines = cli("next", word_run, "w1", "-k", 4).out.splitlines()

    shares = [float(line.split()[0]) for line in lines]
    assert len(lines) == 4
    assert shares == sorted(shares, reverse=True)


def test_next_complete_gives_words_that_begin_so(cli: Call, word_run: Path) -> None:
    value = json.loads(cli("next", word_run, "w2 w1", "--complete", "--json").out)

    assert {item["token"] for item in value["next"]} == {"w1", "w10", "w11"}


def test_score_json_is_an_object_a_line(cli: Call, word_run: Path) -> None:
    finished = cli("score", word_run, "--json", stdin=b"w1 w2\nzzz\n")

    values = [json.loads(line) for line in finished.out.splitlines()]
    keys = ["schema", "line", "text", "log_prob", "num_tokens", "num_unknown"]
    assert [list(value) for value in values] == [keys, keys]
    assert [(v["line"], v["num_tokens"], v["num_unknown"]) for v in values] == [
        (1, 3, 0),
        (2, 2, 1),
    ]


@pytest.mark.parametrize(
    ("text", "share"), [(b"w1 zzz zzz\nw2\n", None), (b"w1 zzz zzz\nw2 zz\n", 60)]
)
def test_score_mostly_unknown_words_are_noted_on_standard_error(
    cli: Call, word_run: Path, text: bytes, share: int | None
) -> None:
    finished = cli("score", word_run, stdin=text)

    note = "" if share is None else f"{share} % of the words (line ends excluded) are unknown"
    assert finished.code == 0
    assert finished.err.startswith(note)
    assert len(finished.err.splitlines()) == (share is not None)
    assert len(finished.out.splitlines()) == 2


@pytest.mark.parametrize("batch_size", [1, 32])
def test_score_file_and_standard_input_agree(
    cli: Call, word_run: Path, corpus: Path, batch_size: int
) -> None:
    option = ("--batch-size", batch_size)

    from_file = cli("score", word_run, corpus, *option).out
    from_input = cli("score", word_run, *option, stdin=corpus.read_bytes()).out

    assert from_file == from_input
    texts = [line.partition("\t")[2] for line in from_file.splitlines()]
    assert texts == corpus.read_text().splitlines()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_score_reads_json_lines_from_standard_input(
    cli: Call, word_run: Path, pack: Callable[[bytes], bytes]
) -> None:
    content = pack(b'\xef\xbb\xbf{"body": "w1 w2"}\n{"body": "w3"}\n')

    lines = cli("score", word_run, "--field", "body", stdin=content).out.splitlines()

    assert [line.partition("\t")[2] for line in lines] == ["w1 w2", "w3"]


@pytest.mark.parametrize("command", ["score", "surprisal"])
def test_each_record_of_json_lines_has_a_row(
    cli: Call, word_run: Path, tmp_path: Path, command: str
) -> None:
    text = tmp_path / "records.jsonl"
    text.write_text('{"text": "w1"}\n{"text": ""}\n{"text": "w2"}\n', encoding="utf-8")

    finished = cli(command, word_run, text, "--json")

    rows = [json.loads(line) for line in finished.out.splitlines()]
    assert [row["text"] for row in rows] == ["w1", "", "w2"]


@pytest.mark.parametrize("command", ["score", "surprisal"])
def test_reserved_symbol_is_refused_with_its_file_and_line(
    cli: Call, word_run: Path, tmp_path: Path, command: str
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("w1\nw2 <s> w1\n", encoding="utf-8")

    finished = cli(command, word_run, text)

    assert finished.code == 2
    assert f"{text}, line 2: the text contains '<s>'" in finished.err


def test_score_last_line_without_its_end_counts(cli: Call, word_run: Path, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("w1\n\nw2")

    lines = cli("score", word_run, tmp_path / "lines.txt").out.split("\n")

    assert [line.partition("\t")[2] for line in lines] == ["w1", "", "w2", ""]


def test_info_json_has_its_keys(cli: Call, word_run: Path) -> None:
    value = json.loads(cli("info", word_run, "--json").out)

    assert list(value) == [
        *("schema", "model", "path", "family", "num_parameters", "details", "tokenizer"),
        *("vocab_size", "measured", "num_bytes", "files", "settings"),
    ]
    assert [card["text"].rpartition("(")[2] for card in value["measured"]] == [
        "validation part)",
        "test part)",
    ]
    assert all(card["perplexity_per_token"] > 1.0 for card in value["measured"])
    assert value["num_bytes"] == sum(file["num_bytes"] for file in value["files"])


def test_info_prints_figures_and_settings(cli: Call, word_run: Path) -> None:
    out = cli("info", word_run).out

    assert "\nfamily " in out
    assert "recurrent" in out
    assert "model.safetensors" in out
    assert "hidden_size = 16" in out


def test_info_says_how_many_features_share_a_weight(cli: Call, tmp_path: Path) -> None:
    case = CASES["maxent-crowded"]
    details = case.reload(case.build(0), tmp_path / "model").details

    assert json.loads(cli("info", tmp_path / "model", "--json").out)["details"] == details
    shown = cli("info", tmp_path / "model").out
    assert f"features sharing a weight  {details['features_sharing_a_weight']}" in shown
    assert details["features_sharing_a_weight"] > 0


def test_measured_figures_of_an_edited_card_are_none() -> None:
    assert measured_figures("# Mine\n\n```text\nsomething else\n```\n") == []


@pytest.mark.parametrize(
    ("token", "shown"), [("w1", "w1"), (" w1", "' w1'"), ("\n", "'\\n'"), ("", "''")]
)
def test_visible_shows_blanks(token: str, shown: str) -> None:
    assert visible(token) == shown


def test_generate_without_a_seed_differs_and_says_how_to_repeat_it(
    cli: Call, word_run: Path
) -> None:
    first = cli("generate", word_run, "--max-tokens", 30)
    second = cli("generate", word_run, "--max-tokens", 30)

    assert first.out != second.out
    seed = first.err.split("--seed ")[1].split()[0]
    assert cli("generate", word_run, "--max-tokens", 30, "--seed", seed).out == first.out


def test_next_reads_the_context_from_standard_input(cli: Call, word_run: Path) -> None:
    assert cli("next", word_run, "-", stdin=b"w1 w2\n").out == cli("next", word_run, "w1 w2").out


def test_next_names_the_unknown_words_of_the_context(cli: Call, word_run: Path) -> None:
    finished = cli("next", word_run, "w1 zebra")

    assert finished.err == "not in the vocabulary, and read as <unk>: 'zebra'\n"


@pytest.mark.parametrize("split", ["valid", "test"])
def test_evaluate_split_measures_the_held_out_text_of_the_run(
    cli: Call, word_run: Path, split: str
) -> None:
    finished = cli("evaluate", word_run, "--split", split, "--json")

    [card] = json.loads(finished.out)["results"]
    assert card["text"] == f"{split} text of {word_run}"
    expected = nw.load(word_run).evaluate(split=split).perplexity
    assert card["perplexity"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--split", "tset"), "has no 'tset' text"),
        (("--split", "test", "--text", "x"), "--text and --split are both given"),
        (("--split", "test", "--per-line"), "--per-line is given with --split"),
        ((), "no text is named"),
    ],
)
def test_evaluate_split_that_does_not_fit_is_refused(
    cli: Call, word_run: Path, options: tuple[str, ...], words: str
) -> None:
    finished = cli("evaluate", word_run, *options)

    assert finished.code == 2
    assert words in finished.err


def test_evaluate_split_of_a_model_without_a_run_is_refused(cli: Call, arpa: Path) -> None:
    assert "is not in a run folder" in cli("evaluate", arpa, "--split", "test").err


def test_next_tokens_prints_entries_of_the_vocabulary(cli: Call, byte_run: Path) -> None:
    lines = cli("next", byte_run, "w1 ", "--tokens", "-k", 3).out.splitlines()

    tokens = nw.load(byte_run).next_tokens("w1 ", k=3)
    assert [line.split(maxsplit=1)[1] for line in lines] == [visible(token) for token, _ in tokens]
    finished = cli("next", byte_run, "w1 ", "--tokens", "--complete")
    assert finished.code == 2
    assert "only words can be completed" in finished.err


def test_score_per_token_sums_to_the_score(cli: Call, word_run: Path) -> None:
    lines = cli("score", word_run, "--per-token", stdin=b"w1 w2\nw3\n").out.split("\n\n")

    sums = [sum(float(row.split("\t")[0]) for row in part.splitlines()) for part in lines[:2]]
    expected = [each.log_prob for each in nw.load(word_run).score(["w1 w2", "w3"])]
    assert sums == pytest.approx(expected, abs=1e-3)
    assert cli("score", word_run, "--per-token", "--rank").code == 2


def test_next_complete_reads_a_line_with_a_carriage_return(cli: Call, word_run: Path) -> None:
    finished = [
        cli("next", word_run, "-", "--complete", stdin=b"w1 w" + end) for end in (b"\n", b"\r\n")
    ]

    assert finished[0].out
    assert finished[1].out == finished[0].out


def test_score_per_token_has_a_batch_size(cli: Call, word_run: Path) -> None:
    finished = cli("score", word_run, "--per-token", "--batch-size", 0, stdin=b"w1\n")

    assert finished.code == 2
    assert "batch_size is 0" in finished.err
