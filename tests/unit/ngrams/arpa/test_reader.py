import io
import logging
import random
import re
import time
from collections import Counter

import numpy as np
import pytest

from arpa_files import ARPA, mutated_arpa
from naive_ngrams import naive_arpa
from nextword.base import ConfigError, DataError, FormatError
from nextword.ngrams import ArpaModel, match_contexts, read_arpa, score_words

LN_10 = float(np.log(10.0))
Entries = dict[tuple[str, ...], tuple[float, float]]
START = 2


def read(text: str | bytes) -> ArpaModel:
    data = text.encode() if isinstance(text, str) else text
    return read_arpa(io.BytesIO(data), name="model.arpa")


def words_of(model: ArpaModel) -> tuple[str, ...]:
    return tuple(map(model.tokenizer.token_text, range(model.tokenizer.vocab_size)))


def log10_scores(model: ArpaModel, sentence: str) -> list[float]:
    """The score of each word of a sentence and of its end."""
    ids = {word: number for number, word in enumerate(words_of(model))}
    words = [ids.get(word, 1) for word in sentence.split()]
    contexts = match_contexts(model.tables, np.array([START, *words]), start_id=START)
    scores, _ = score_words(model.tables, contexts, targets=np.array([*words, 3]))
    return (scores / LN_10).tolist()


def naive_log10(entries: Entries, ngram: tuple[str, ...]) -> float:
    if ngram in entries:
        return entries[ngram][0]
    if len(ngram) == 1:
        return entries.get(("<unk>",), (-100.0, 0.0))[0]
    backoff = entries.get(ngram[:-1], (0.0, 0.0))[1]
    return backoff + naive_log10(entries, ngram[1:])


def naive_scores(text: str, sentence: str) -> list[float]:
    entries = naive_arpa(text.replace("<UNK>", "<unk>"))
    order = max(map(len, entries))
    known = {ngram[0] for ngram in entries if len(ngram) == 1}
    words = [word if word in known else "<unk>" for word in sentence.split()]
    padded = ["<s>", *words, "</s>"]
    return [
        naive_log10(entries, tuple(padded[max(0, end - order) : end]))
        for end in range(2, len(padded) + 1)
    ]


def test_read_arpa_scores_as_the_file_says() -> None:
    model = read(ARPA)

    # <s> red, <s> red hus, red hus </s>; and hus red backs off: -0.125 - 0.7.
    assert log10_scores(model, "red hus") == pytest.approx([-0.4, -0.1, -0.2])
    assert log10_scores(model, "hus red") == pytest.approx([-0.3 - 0.8, -0.125 - 0.7, -0.25 - 0.9])
    assert log10_scores(model, "blå") == pytest.approx([-0.3 - 1.5, -0.9])


def test_read_arpa_words_follow_the_special_ones() -> None:
    assert words_of(read(ARPA)) == ("<pad>", "<unk>", "<s>", "</s>", "red", "hus")


@pytest.mark.parametrize(
    "variant",
    [
        ARPA.replace("\t", " "),
        ARPA.replace("\n", "\r\n"),
        ARPA.replace("\n\n", "\n"),
        "# made by hand\n\n" + ARPA,
        "\n\n" + ARPA.replace("\n", "\n\n"),
        ARPA.replace("ngram 1=5", "ngram 1 = 5"),
        ARPA.replace("-0.1\t<s>", "-1e-1\t<s>"),
        ARPA.replace("<s> red hus", "<s> red hus\t0"),
        ARPA.replace("\t0\n", "\n"),
        ARPA.replace("<unk>", "<UNK>"),
        ARPA.replace("0\t<s>\t", "-99\t<s>\t"),
        ARPA.replace("-1.5\t<unk>", "-1.50000\t<unk>").rstrip("\n"),
        "# nextword tokens: word\n" + ARPA,
    ],
)
def test_read_arpa_other_programs_files_give_the_same_model(variant: str) -> None:
    expected, actual = read(ARPA), read(variant)

    assert words_of(actual) == words_of(expected)
    for name, values in actual.tables.arrays().items():
        np.testing.assert_array_equal(values, expected.tables.arrays()[name])


def test_read_arpa_lines_out_of_order_give_the_same_model() -> None:
    lines = "-0.4\t<s> red\t-0.2\n-0.5\tred hus\t0\n-0.6\thus </s>\t0\n"
    turned = "".join(reversed(lines.splitlines(keepends=True)))

    model = read(ARPA.replace(lines, turned))

    assert log10_scores(model, "red hus") == pytest.approx([-0.4, -0.1, -0.2])


def test_read_arpa_missing_unknown_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    text = ARPA.replace("-1.5\t<unk>\t0\n", "").replace("1=5", "1=4")

    with caplog.at_level(logging.WARNING):
        model = read(text)

    assert "The ARPA file has no <unk>; using log10 -100." in caplog.text
    assert log10_scores(model, "blå")[0] == pytest.approx(-100.3)


def test_read_arpa_missing_suffix_is_backed_off() -> None:
    text = ARPA.replace("-0.5\tred hus\t0\n", "-0.5\thus red\t0\n")
    text = text.replace("-0.2\tred hus </s>\n", "").replace("3=2", "3=1")

    scores = log10_scores(read(text), "red hus")

    assert scores == pytest.approx([-0.4, -0.1, -0.6])


def test_read_arpa_positive_backoff_is_kept() -> None:
    model = read(ARPA.replace("hus\t-0.125", "hus\t0.125"))

    assert log10_scores(model, "hus red")[1] == pytest.approx(0.125 - 0.7)


def test_read_arpa_order_one_needs_no_backoff() -> None:
    model = read("\\data\\\nngram 1=3\n\\1-grams:\n-1 <unk>\n-1 <s>\n-0.1 </s>\n\\end\\\n")

    assert log10_scores(model, "x") == pytest.approx([-1.0, -0.1])


def test_read_arpa_note_of_a_closed_text_is_heeded() -> None:
    note = "# nextword tokens: word, closed\n"

    assert [read(text).tokenizer.has_closed_vocabulary for text in (ARPA, note + ARPA)] == [
        False,
        True,
    ]


CMU_PREAMBLE = """## Copyright (c) 1996, Carnegie Mellon University
Beginning of data mark: \\data\\
 \\data\\
ngram 1=nr            # number of 1-grams
\\1-grams:
p_1     wd_1 bo_wt_1
end of data mark: \\end\\
"""


@pytest.mark.parametrize("text", [CMU_PREAMBLE, "\nLanguage model created by QuickLM\n", "\x85\n"])
@pytest.mark.parametrize("mark", ["\\data\\\n", "\\data\\ \t\r\n"])
def test_read_arpa_text_before_the_data_is_skipped(text: str, mark: str) -> None:
    model = read(text + ARPA.replace("\\data\\\n", mark))

    assert log10_scores(model, "red hus") == pytest.approx([-0.4, -0.1, -0.2])


@pytest.mark.parametrize("sign", ["\f", "\v", "\x1c", "\x85", "\xa0", "\u2028", "\u3000", "\0"])
@pytest.mark.parametrize("place", ["x{}y", "{}x", "x{}"])
def test_read_arpa_only_blank_tab_and_line_ends_separate(sign: str, place: str) -> None:
    word = place.format(sign)

    model = read(ARPA.replace("hus", word).replace("-0.125", ""))

    assert words_of(model)[-1] == word
    assert model.tables.backoffs[0].tolist() == pytest.approx(
        [0, 0, -0.3 * LN_10, 0, -0.25 * LN_10, 0]
    )


def test_read_arpa_carriage_return_separates_fields() -> None:
    assert words_of(read(ARPA.replace("\thus\t", "\rhus\r")))[-1] == "hus"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1257"])
def test_read_arpa_other_encoding_gives_the_same_words(encoding: str) -> None:
    data = ARPA.replace("hus", "gr\xf6n").encode(encoding)

    model = read_arpa(io.BytesIO(data), name="model.arpa", encoding=encoding)

    assert words_of(model)[-1] == "gr\xf6n"


@pytest.mark.parametrize(
    ("encoding", "message"),
    [("utf-16", "cannot be read in the encoding 'utf-16'"), ("hex", "'hex' is unknown")],
)
def test_read_arpa_encoding_of_no_use_is_refused(encoding: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_arpa(io.BytesIO(ARPA.encode()), name="model.arpa", encoding=encoding)


def test_read_arpa_upper_case_markers_stand_for_the_lower_case_ones() -> None:
    upper = ARPA.replace("<s>", "<S>").replace("</s>", "</S>").replace("<unk>", "<UNK>")

    model = read(upper)

    assert words_of(model) == words_of(read(ARPA))
    for name, values in model.tables.arrays().items():
        np.testing.assert_array_equal(values, read(ARPA).tables.arrays()[name])


def test_read_arpa_upper_case_marker_beside_the_lower_case_one_is_a_word() -> None:
    model = read(ARPA.replace("hus", "<S>"))

    assert words_of(model)[-1] == "<S>"
    assert log10_scores(model, "red <S>") == pytest.approx([-0.4, -0.1, -0.2])


@pytest.mark.parametrize("section", ["\\3-grams:\n", ""])
def test_read_arpa_empty_highest_order_is_read(section: str) -> None:
    lines = "\\3-grams:\n-0.1\t<s> red hus\n-0.2\tred hus </s>\n"

    model = read(ARPA.replace(lines, section).replace("3=2", "3=0"))

    # The back-off weights of the bigrams still count, as in the file.
    assert log10_scores(model, "red hus") == pytest.approx([-0.4, -0.2 - 0.5, -0.6])


def test_read_arpa_context_that_is_not_listed_changes_no_score() -> None:
    text = ARPA.replace("-0.4\t<s> red\t-0.2\n", "").replace("2=3", "2=2")

    model = read(text)

    assert log10_scores(model, "red hus") == pytest.approx([-0.3 - 0.7, -0.1, -0.2])
    assert log10_scores(model, "red red") == pytest.approx([-1.0, -0.25 - 0.7, -0.25 - 0.9])
    assert model.tables.num_ngrams == (6, 3, 2)


@pytest.mark.parametrize(
    "sentence", ["hus red hus", "hus red red", "red hus red hus", "bl\xe5 hus"]
)
def test_read_arpa_several_contexts_that_are_not_listed_change_no_score(sentence: str) -> None:
    text = ARPA.replace("3=2", "3=2\nngram 4=2")
    text = text.replace(
        "\\end", "\\4-grams:\n-0.05\thus red hus </s>\n-0.07\tred hus red hus\n\n\\end"
    )

    model = read(text)

    assert model.tables.num_ngrams == (6, 4, 4, 2)
    assert log10_scores(model, sentence) == pytest.approx(naive_scores(text, sentence), abs=1e-6)


def test_read_arpa_progress_is_told_in_lines() -> None:
    told: list[int] = []

    read_arpa(io.BytesIO(b"\n" * 100_000 + ARPA.encode()), name="a", on_progress=told.append)

    assert told == [1 << 15, 2 << 15, 3 << 15]


REFUSED = {
    "empty file": ("", 0, "the file has no line \\data\\, so it is not an ARPA file and is empty"),
    "prose": ("a\nb\n", 2, "so it is not an ARPA file; it begins with 'a'"),
    "long prose": ("a\n" * 99_999, 10_001, "the file has no line \\data\\"),
    "old Macintosh": (
        ARPA.replace("\n", "\r"),
        1,
        "the lines end with a carriage return (CR) only",
    ),
    "bytes": ("a\n\0\n" + ARPA, 2, "the file has no line \\data\\"),
    "KenLM's binary": ("mmap lm http://\n", 1, "this is KenLM's binary format"),
    "IRSTLM's iARPA": ("iARPA\n\n" + ARPA, 1, "iARPA, which has no back-off weights"),
    "Sphinx's binary": (b"\r\0\0\0Darpa Trigram LM\0", 1, "this is Sphinx's binary format"),
    "empty word": (
        ARPA.replace("\thus\t", "\t\t"),
        11,
        "has an empty field, so -0.125 may be a word or a back-off weight",
    ),
    "empty word of a bigram": (ARPA.replace("red hus\t0", "red \t0"), 15, "'0' is not among the"),
    "no counts": ("\\data\\\n\\1-grams:\n", 2, "expected 'ngram 1=COUNT'"),
    "count beyond 64 bits": (
        "\\data\\\nngram 1=99999999999999999999\n",
        2,
        "the number '99999999999999999999' is too large: it has more than 18 digits.",
    ),
    "count of ten thousand digits": (
        f"\\data\\\nngram 1=5\nngram 2={'9' * 10_000}\n",
        3,
        "is too large: it has more than 18 digits.",
    ),
    "order beyond 64 bits": (
        "\\data\\\nngram 99999999999999999999=5\n",
        2,
        "the number '99999999999999999999' is too large",
    ),
    "header only": ("\\data\\\nngram 1=5\n", 2, "the file ends inside the header."),
    "order gap": (
        ARPA.replace("ngram 2=3\n", ""),
        3,
        "expected the count of order 2, not of order 3",
    ),
    "bad count": (ARPA.replace("2=3", "2=x"), 3, "expected \\1-grams:, not 'ngram 2=x'."),
    "huge count": (
        ARPA.replace("2=3", "2=" + "9" * 18),
        18,
        "the file has 3 2-grams, but its header",
    ),
    "too few": (ARPA.replace("1=5", "1=6"), 13, "the file has 5 1-grams, but its header says 6."),
    "too many": (ARPA.replace("3=2", "3=1"), 22, "the file has 2 3-grams, but its header says 1."),
    "wrong section": (ARPA.replace("\\2-grams", "\\4-grams"), 13, "expected \\2-grams:, not"),
    "bad number": (ARPA.replace("-0.4", "-0,4"), 14, "'-0,4' is not a number."),
    "underscore": (ARPA.replace("-0.4", "-0_4"), 14, "'-0_4' is not a number."),
    "not a number": (ARPA.replace("-0.4", "nan"), 14, "'nan' is not a number."),
    "long number": (ARPA.replace("-0.4", "-" + "1" * 99), 14, "is not a number."),
    "out of range": (ARPA.replace("-0.4", "-1e300"), 14, "'-1e300' is out of range."),
    "positive": (ARPA.replace("-0.4", "0.4"), 14, "the log-probability 0.4 is above 0"),
    "bad backoff": (ARPA.replace("-0.25", "x"), 10, "'x' is not a number."),
    "infinite backoff": (ARPA.replace("-0.25", "-inf"), 10, "back-off weight '-inf' is not fini"),
    "backoff on top": (
        ARPA.replace("<s> red hus", "<s> red hus\t-0.5"),
        19,
        "the back-off weight -0.5 has no meaning at the highest order.",
    ),
    "too few words": (ARPA.replace("red hus\t0", "red"), 15, "'-0.5\\tred' is not a 2-gram"),
    "too many words": (ARPA.replace("red hus\t0", "a red hus\t0"), 15, "is not a 2-gram"),
    "unknown word": (ARPA.replace("red hus\t0", "red bil\t0"), 15, "'bil' is not among the 1-gram"),
    "duplicate": (ARPA.replace("red hus\t0", "<s> red\t0"), 15, "this 2-gram is a duplicate"),
    "duplicate word": (ARPA.replace("\thus\t", "\tred\t"), 11, "the word 'red' is a duplicate"),
    "two unknowns": (ARPA.replace("\thus\t", "\t<UNK>\t"), 11, "the word '<UNK>' is a dupl"),
    "padding": (ARPA.replace("hus", "<pad>"), 11, "<pad> is reserved for padding."),
    "no start": (ARPA.replace("\t<s>\t", "\t<x>\t"), 13, "the 1-grams lack <s>."),
    "two starts": (ARPA.replace("red", "<S>").replace("\thus\t", "\t<S>\t"), 11, "is a duplicate"),
    "no end": (ARPA.replace("\t</s>\t", "\t<x>\t"), 13, "the 1-grams lack </s>."),
    "unknown note": (
        "# nextword tokens: letter\n" + ARPA,
        1,
        "the kind of token 'letter' is unknown.",
    ),
    "unknown direction": (
        "# nextword tokens: word, sideways\n" + ARPA,
        1,
        "the kind of token 'word, sideways' is unknown.",
    ),
    "no characters": (
        "#\n# nextword tokens: character\n" + ARPA,
        2,
        "'red' is not the spelling of a character.",
    ),
    "no bytes": ("# nextword tokens: byte\n" + ARPA, 1, "the words are not the 256 bytes"),
    "truncated": (ARPA[: ARPA.index("\\3-grams")], 17, "the file ends inside the 2-grams"),
    "no mark at the end": (ARPA.replace("\\end\\\n", ""), 21, "\\end\\ is missing."),
    "text after the end": (ARPA + "more\n", 23, "'more' follows after \\end\\."),
    "not UTF-8": (ARPA.encode().replace(b"hus", b"h\xe5s"), 11, "'h\\\\xe5s' is not UTF-8."),
    "long line": (
        ARPA.replace("red\t-0.25", "r" * (1 << 21)),
        10,
        "the line is longer than 1,",
    ),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_read_arpa_malformed_is_refused_with_its_line(
    text: str | bytes, line: int, message: str
) -> None:
    with pytest.raises(FormatError, match=re.escape(f"model.arpa, line {line:,}: ")) as refusal:
        read(text)

    assert message in refusal.value.message


def test_read_arpa_stream_that_breaks_off_is_refused_with_its_line() -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            line = super().readline(size)
            if line.startswith(b"\\1-grams"):
                raise DataError("model.arpa.gz is cut short.", help="Copy it again.")
            return line

    message = "line 6: cannot read the rest of the file: model.arpa.gz is cut short."
    with pytest.raises(FormatError, match=re.escape(message)):
        read_arpa(Broken(ARPA.encode()), name="model.arpa.gz")


def _outcome(data: bytes) -> str:
    """Refused with a line number; or read, and then right."""
    try:
        model = read(data)
    except FormatError as error:
        return "refused" if re.match(r"model\.arpa, line [\d,]+: .", error.message) else str(error)
    for sentence in ("red hus", "hus red red", "blå hus"):
        # A comment may be anything.
        expected = naive_scores(data.decode(errors="replace"), sentence)
        # A mutation may make a number of any size.
        if log10_scores(model, sentence) != pytest.approx(expected, rel=1e-5, abs=1e-5):
            return f"read wrongly: {data!r}"
    return "read"


@pytest.mark.parametrize("num_mutations", [200, pytest.param(2000, marks=pytest.mark.exhaustive)])
def test_read_arpa_mutated_files_are_refused_or_read_right(num_mutations: int) -> None:
    generator = random.Random(num_mutations)
    begin = time.process_time()

    outcomes = Counter(_outcome(mutated_arpa(generator)) for _ in range(num_mutations))

    assert outcomes.keys() == {"refused", "read"}
    assert min(outcomes.values()) > num_mutations // 20
    assert time.process_time() - begin < 60
