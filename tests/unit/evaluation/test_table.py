import dataclasses
import math

from nextword.evaluation import (
    ModelFacts,
    PerplexityCard,
    Sums,
    TextFacts,
    perplexity_card,
    render_card,
    render_cards,
)

SUMS = Sums(num_tokens=2000, num_unknown=0, known_nll_sum=9000.0, unknown_nll_sum=0.0, seconds=0.5)
TEXT = TextFacts(
    text="made.txt",
    tokenizer="word (10000, closed) 3fa9c1d2e4b5",
    counts_words=True,
    num_words=2000,
    num_characters=12345,
    num_bytes=12399,
)
MODEL = ModelFacts(model="runs/a", family="lstm", num_parameters=1234567, reset="never")


def card_of(*, num_unknown: int = 0, nll_sum: float = 9000.0) -> PerplexityCard:
    sums = dataclasses.replace(SUMS, num_unknown=num_unknown, known_nll_sum=nll_sum)
    return perplexity_card(sums, model=MODEL, text=TEXT)


def test_render_card_full_card_reads_as_aligned_lines() -> None:
    assert render_card(card_of(num_unknown=20)).splitlines() == [
        "model                 runs/a (lstm, 1,234,567 parameters)",
        "text                  made.txt",
        "tokenizer             word (10000, closed) 3fa9c1d2e4b5",
        "scored                2,000 tokens; 2,000 words and line ends, 12,345 characters, "
        "12,399 bytes",
        "state reset           never",
        "perplexity per token  90.02",
        "perplexity per word   90.02",
        "  without unknown     94.20 per token",
        "bits per token        6.4921",
        "unknown               1.00 %",
        "undefined             per character and byte: the spelling of unknown words cannot be "
        "predicted",
        "comparable with       models with this tokenizer, per token; tokenizer.kind=bpe gives "
        "bits per byte",
        "log-likelihood        -9,000.00 nats",
        "time                  0.50 s, 4,000 tokens/s",
    ]


def test_render_card_adaptation_and_stride_are_named() -> None:
    model = dataclasses.replace(MODEL, adaptation="cache", stride=512)

    text = render_card(perplexity_card(SUMS, model=model, text=TEXT))

    assert "runs/a + cache (lstm" in text
    assert "never, stride 512" in text


def test_render_card_infinite_figures_are_spelt_out() -> None:
    text = render_card(card_of(nll_sum=math.inf))

    assert "perplexity per token  infinite" in text
    assert "log-likelihood        -infinite nats" in text


def test_render_cards_rows_align_under_the_header() -> None:
    other = dataclasses.replace(card_of(nll_sum=20000.0), model="a longer name")

    header, first, second = render_cards([card_of(), other]).splitlines()

    assert header.split() == [
        *["model", "tokenizer", "perplexity", "per", "word", "bits/character", "bits/byte"],
        *["unknown", "reset", "tokens/s"],
    ]
    assert first.startswith("runs/a         word (10000")
    assert len(header) == len(first) == len(second)
    end = header.index("perplexity") + len("perplexity")
    assert first[:end].endswith(" 90.02")
    assert second[:end].endswith(" 22,026.47")


def test_render_cards_adapted_row_is_named() -> None:
    adapted = dataclasses.replace(card_of(), adaptation="dynamic")

    assert "runs/a + dynamic  word" in render_cards([card_of(), adapted])


def test_render_cards_without_perplexity_per_token_keeps_the_other_figures() -> None:
    full, rest = (render_cards([card_of()], per_token=flag) for flag in (True, False))

    for with_it, without in zip(full.splitlines(), rest.splitlines(), strict=True):
        cells = with_it.split()
        place = cells.index("perplexity" if "perplexity" in cells else "90.02")
        assert without.split() == cells[:place] + cells[place + 1 :]


def lossy(*, counts_words: bool) -> PerplexityCard:
    text = dataclasses.replace(TEXT, num_characters_lost=1235, counts_words=counts_words)
    return perplexity_card(SUMS, model=MODEL, text=text)


def test_render_card_says_how_many_characters_were_lost() -> None:
    lines = render_card(lossy(counts_words=False)).splitlines()

    assert "lost in encoding      1,235 characters (10.00 %)" in lines
    assert sum("undefined" in line for line in lines) == 1
    assert (
        "undefined             per word, character and byte: characters that the tokenizer drops "
        "cannot be predicted" in lines
    )


def test_render_card_of_words_says_that_white_space_was_lost() -> None:
    text = render_card(lossy(counts_words=True))

    assert "1,235 characters (10.00 %), white space between words" in text
    assert "perplexity per word   90.02" in text
    assert "comparable with       models of words, per word" in text


def test_render_cards_has_a_column_of_lost_characters_where_there_are_any() -> None:
    header, row = render_cards([lossy(counts_words=True)]).splitlines()

    assert "  lost  " in header
    assert "  1,235  " in row
    assert "lost" not in render_cards([card_of()])
