"""The perplexity and the bucket of CCNet, beside its formula over the scores of single lines."""

import json
import math
from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from families import CASES
from nextword import kenlm
from nextword.base import ConfigError, MismatchError
from nextword.filtering import CcnetScorer, FilterSettings, document_scores

TEXTS = [
    "w1 w2 w3",
    "w1 w2\n\nw3 w1\n",
    "w1  w2 zug\u00a0w3",
    "  ",
    random_text(12, seed=3),
    "\n",
]


def ccnet_perplexity(model: kenlm.Model, text: str) -> float:
    """What cc_net computes with the module kenlm."""
    lines = text.split("\n")
    log10 = sum(model.score(line) for line in lines)
    length = sum(len(line.split()) + 1 for line in lines)
    return round(10.0 ** (-log10 / length), 1)


@pytest.mark.parametrize("name", ["ngram-3-kneser_ney", "lstm-1-untied"])
def test_perplexity_is_that_of_ccnet(name: str) -> None:
    case = CASES[name]
    model = case.build(0)
    other = kenlm.Model.of(model, tokenizer=case.tokenizer)

    scores = list(document_scores(CcnetScorer(model, case.tokenizer, batch_size=3), TEXTS))

    for text, score in zip(TEXTS, scores, strict=True):
        expected = ccnet_perplexity(other, text)
        assert score.to_dict() == {"perplexity": pytest.approx(expected, abs=0.1001)}
        assert score.perplexity == round(score.perplexity or 0.0, 1)
        exact = other.document_perplexity(text)
        assert score.perplexity_per_word == pytest.approx(exact, rel=1e-5)
    assert len({score.perplexity for score in scores}) > 3


def test_bucket_is_that_of_ccnet() -> None:
    smoothed, unsmoothed = (
        CcnetScorer(CASES[name].build(0), CASES[name].tokenizer)
        for name in ("ngram-3-kneser_ney", "ngram-3-maximum_likelihood")
    )

    found, empty = document_scores(smoothed, ["w1", ""])
    (impossible,) = document_scores(unsmoothed, ["w1 " * 50 + "w2"])

    value = found.perplexity
    assert value is not None
    assert [found.bucket(ends) for ends in ((value, value), (value + 1, 1e9), (0.1, 1e9))] == [
        "tail",
        "head",
        "middle",
    ]
    assert (empty.bucket((1.0, 2.0)), empty.to_dict()) == ("all", {})
    assert impossible.nll == math.inf
    assert (impossible.bucket((1.0, 2.0)), impossible.to_dict()) == ("tail", {"perplexity": None})


def test_shards_get_the_values_of_ccnet(ngram_folder: Path, tmp_path: Path) -> None:
    texts = [random_text(n % 5 + 1, seed=n) for n in range(20)] + [""]
    shard = tmp_path / "part.jsonl"
    shard.write_text("".join(json.dumps({"raw_content": text}) + "\n" for text in texts))

    result = nw.filter_shards(
        str(shard),
        model=ngram_folder,
        out=tmp_path / "out",
        field="raw_content",
        style="ccnet",
        quantiles=(0.3, 0.6),
    )

    lines = (tmp_path / "out" / "part.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [list(each) for each in records[:2]] == [["raw_content", "perplexity", "bucket"]] * 2
    assert records[-1] == {"raw_content": "", "bucket": "all"}
    low, high = result.thresholds
    for record in records[:-1]:
        value = record["perplexity"]
        expected = "head" if value < low else "middle" if value < high else "tail"
        assert record["bucket"] == expected
    assert list(result.buckets) == ["head", "middle", "tail", "all"]
    assert sum(result.buckets.values()) == len(texts)
    assert result.buckets["all"] == 1


def test_other_style_in_the_same_folder_is_refused(ngram_folder: Path, tmp_path: Path) -> None:
    shard = tmp_path / "part.jsonl"
    shard.write_text('{"text": "w1 w2"}\n')

    def run(style: str) -> None:
        nw.filter_shards(
            str(shard), model=ngram_folder, out=tmp_path / "out", style=style, thresholds=(1, 2)
        )

    run("ccnet")
    with pytest.raises(MismatchError):
        run("nextword")


def test_documents_without_a_text_can_be_left_out(ngram_folder: Path, tmp_path: Path) -> None:
    shard = tmp_path / "part.jsonl"
    shard.write_text('{"text": "w1 w2"}\n{"text": ""}\n')

    result = nw.filter_shards(
        str(shard),
        model=ngram_folder,
        out=tmp_path / "out",
        style="ccnet",
        thresholds=(1, 2),
        keep=["tail"],
    )

    assert result.total("num_kept") == 1


def test_figures_that_ccnet_does_not_write_are_refused() -> None:
    with pytest.raises(ConfigError, match="by is 'bits_per_byte', but records in the style ccnet"):
        FilterSettings(style="ccnet", by="bits_per_byte")
    with pytest.raises(ConfigError, match="style is 'cc'"):
        FilterSettings(style="cc")
