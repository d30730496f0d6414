"""Rescoring: totals, tuned weights that generalise, and models that are of no use."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import nextword as nw
from fakes import ConstantModel, HashModel, tokenizer_of
from nextword import kenlm
from nextword.base import ConfigError, DataError
from nextword.evaluation import per_line_scores
from nextword.interop.nbest import (
    Hypothesis,
    Member,
    Models,
    NbestLists,
    Utterance,
    Weights,
    WordErrors,
    rescore_lists,
    score_hypotheses,
    tune,
)
from nextword.tokens import Tokenizer, TokenizerKind

WORDS = ["the", "hen", "men", "ham", "sat", "ate", "a", "an", "ant", "bed", "bad"]
SENTENCES = ["the hen sat", "the men ate the ham", "a hen ate", "the ant sat", "an ant ate a ham"]


def member(kind: TokenizerKind = "word") -> Member:
    tokenizer = tokenizer_of("\n".join([*SENTENCES, " ".join(WORDS)]) + "\n", kind=kind)
    model = HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
    return Member(model=model, tokenizer=tokenizer, name="hash")


def trained(tmp_path: Path, sentences: list[str], order: int = 3) -> Member:
    path = tmp_path / f"model-{order}-{len(sentences)}.arpa"
    kenlm.train(sentences, order=order, out=path)
    loaded = nw.load(path)
    return Member(model=loaded.language_model, tokenizer=loaded.tokenizer, name=str(path))


def noisy_lists(num: int, seed: int) -> NbestLists:
    """Lists in which words are replaced at random, and the scores are noise."""
    generator = np.random.default_rng(seed)
    utterances = []
    for number in range(num):
        reference = str(generator.choice(SENTENCES))
        hypotheses = [Hypothesis(text=reference, scores=(float(generator.normal()),))]
        for _ in range(5):
            words = reference.split()
            words[generator.integers(len(words))] = str(generator.choice(WORDS))
            scores = (float(generator.normal()),)
            hypotheses.append(Hypothesis(text=" ".join(words), scores=scores))
        order = generator.permutation(len(hypotheses))
        utterances.append(
            Utterance(
                name=f"u{number}",
                hypotheses=tuple(hypotheses[place] for place in order),
                reference=reference,
            )
        )
    return NbestLists(
        utterances=tuple(utterances), format="jsonl", source="made", score_names=("score",)
    )


@pytest.mark.parametrize("kind", ["word", "byte", "character"])
def test_hypotheses_are_scored_as_lines(kind: TokenizerKind) -> None:
    lists, used = noisy_lists(5, seed=0), member(kind)

    scores = score_hypotheses(lists, used)

    for utterance, found in zip(lists.utterances, scores.log_probs, strict=True):
        texts = [each.text for each in utterance.hypotheses]
        expected = per_line_scores(used.model, texts, tokenizer=used.tokenizer)
        np.testing.assert_allclose(found, [each.log_prob for each in expected], atol=1e-4)
    assert scores.num_computed < 0.7 * scores.num_tokens


@pytest.mark.parametrize("kind", ["word", "byte"])
def test_interpolation_is_that_of_word_probabilities(kind: TokenizerKind, tmp_path: Path) -> None:
    lists, used = noisy_lists(3, seed=0), member(kind)
    other = trained(tmp_path, SENTENCES)

    scores = score_hypotheses(lists, used, other=other, weight=0.3)

    text = lists.utterances[1].hypotheses[2].text
    words = [
        np.array(
            [row[0] for row in kenlm.Model.of(m.model, tokenizer=m.tokenizer).full_scores(text)]
        )
        for m in (used, other)
    ]
    mixed = np.log10(0.3 * 10.0 ** words[0] + 0.7 * 10.0 ** words[1]).sum() * math.log(10.0)
    assert scores.log_probs[1][2] == pytest.approx(mixed, abs=1e-4)


def test_total_is_log_linear(tmp_path: Path) -> None:
    lists, models = (
        noisy_lists(2, seed=0),
        Models(main=member(), low_order=trained(tmp_path, SENTENCES, 2)),
    )
    weights = Weights(weight=0.5, penalty=2.0, low_order_weight=0.25)

    result = rescore_lists(lists, models, weights=weights)

    assert models.low_order is not None
    for utterance, ranking in zip(lists.utterances, result.rankings, strict=True):
        assert sorted(each.text for each, _ in ranking) == sorted(
            each.text for each in utterance.hypotheses
        )
        totals = [total for _, total in ranking]
        assert totals == sorted(totals, reverse=True)
        text, total = ranking[0][0].text, totals[0]
        main, low = (
            kenlm.Model.of(m.model, tokenizer=m.tokenizer).score(text) * math.log(10.0)
            for m in (models.main, models.low_order)
        )
        expected = ranking[0][0].scores[0] + 0.5 * main - 2.0 * len(text.split()) - 0.25 * low
        assert total == pytest.approx(expected, abs=1e-3)


def test_tuned_weights_generalise(tmp_path: Path) -> None:
    models = Models(main=trained(tmp_path, SENTENCES))

    tuned = tune(noisy_lists(60, seed=1), models)
    report = rescore_lists(noisy_lists(80, seed=2), models, weights=tuned).report

    assert report.before is not None
    assert report.after is not None
    assert report.oracle == 0.0
    assert report.after < 0.5 * report.before
    assert tuned.weights.weight > 0.0
    assert report.has_gain
    assert report.gain is not None
    assert report.gain.low > 0.0


@pytest.mark.parametrize("kind", ["uniform", "other"])
def test_useless_model_has_no_gain(kind: str, tmp_path: Path) -> None:
    used = trained(tmp_path, ["zebra lion", "lion cat zebra dog"], 1)
    if kind == "uniform":
        tokenizer = member().tokenizer
        probabilities = [0.0, *[1.0 / (tokenizer.vocab_size - 1)] * (tokenizer.vocab_size - 1)]
        used = Member(model=ConstantModel(probabilities), tokenizer=tokenizer, name="uniform")
    models = Models(main=used)

    tuned = tune(noisy_lists(60, seed=1), models)
    report = rescore_lists(noisy_lists(80, seed=2), models, weights=tuned).report

    assert report.has_gain is False
    assert report.to_dict()["gain"]["low"] <= 0.0


def test_ties_keep_the_order_and_small_weights(tmp_path: Path) -> None:
    utterance = Utterance(
        name="u", reference="a", hypotheses=(Hypothesis(text="a"), Hypothesis(text="b"))
    )
    lists = NbestLists(utterances=(utterance,), format="plain", source="made")
    models = Models(main=member())

    tuned = tune(lists, models)
    result = rescore_lists(lists, models, weights=Weights(weight=0.0))

    assert (tuned.weights.weight, tuned.weights.penalty) == (0.0, 0.0)
    assert result.best == {"u": "a"}


def test_word_errors_count_every_kind_of_edit() -> None:
    lists = noisy_lists(1, seed=0)
    utterance = Utterance(
        name="u",
        reference="a b c",
        hypotheses=tuple(
            Hypothesis(text=text) for text in ("a b c", "a x c", "a c", "a b c d", "")
        ),
    )
    errors = WordErrors.of(NbestLists(utterances=(utterance,), format="plain", source="made"), None)

    assert errors.by_hypothesis[0].tolist() == [0, 1, 1, 1, 3]
    assert errors.rate([1]) == pytest.approx(1 / 3)
    with pytest.raises(DataError, match="1 of 1 utterances of made have no reference, such as u0"):
        WordErrors.of(lists, {"u1": "a"})
    with pytest.raises(DataError, match="1 of 2 references have no hypotheses in made, such as u1"):
        WordErrors.of(lists, {"u0": "a", "u1": "b"})
    with pytest.raises(DataError, match="the references have no words"):
        WordErrors.of(lists, {"u0": " "})


def test_reserved_symbols_are_refused_with_the_utterance() -> None:
    utterance = Utterance(name="u7", hypotheses=(Hypothesis(text="a <s> b"),))
    lists = NbestLists(utterances=(utterance,), format="plain", source="made")

    with pytest.raises(DataError, match=r"utterance u7: .*<s>"):
        score_hypotheses(lists, member())


def test_backward_models_rescore_but_are_not_interpolated() -> None:
    tokenizer: Tokenizer = tokenizer_of("\n".join(SENTENCES) + "\n", direction="backward")
    used = Member(model=HashModel(tokenizer.vocab_size), tokenizer=tokenizer, name="backward")
    lists = noisy_lists(2, seed=0)

    assert len(score_hypotheses(lists, used).log_probs) == 2
    with pytest.raises(ConfigError, match="backward cannot be interpolated"):
        score_hypotheses(lists, used, other=member())


def test_rescore_of_files_tunes_writes_and_reports(tmp_path: Path) -> None:
    for name, seed in (("dev", 1), ("test", 2)):
        lines = [
            json.dumps(
                {
                    "id": each.name,
                    "reference": each.reference,
                    "nbest": [{"text": h.text, "score": h.scores[0]} for h in each.hypotheses],
                }
            )
            for each in noisy_lists(40, seed=seed).utterances
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    kenlm.train(SENTENCES, order=3, out=tmp_path / "model.arpa")

    result = nw.rescore(
        tmp_path / "model.arpa",
        tmp_path / "test.jsonl",
        dev=tmp_path / "dev.jsonl",
        out=tmp_path / "new.jsonl",
    )

    assert result.report.is_tuned
    again = nw.rescore(tmp_path / "model.arpa", tmp_path / "new.jsonl", weight=0.0)
    assert again.report.before == pytest.approx(result.report.before)
    assert len(result.best) == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither a weight of the language model nor a development set"),
        ({"weight": 1.0, "dev": "x"}, "weight is set, but the weights are tuned"),
        ({"weight": 1.0, "low_order_weight": 1.0}, "there is no low-order model"),
        ({"weight": 1.0, "low_order": "x"}, "a low-order model without a weight"),
        ({"weight": float("nan")}, "weight is nan; it must be at least 0"),
        ({"weight": -1.0}, r"weight is -1\.0; it must be at least 0"),
        ({"weight": 1.0, "penalty": float("inf")}, "penalty is inf"),
        ({"weight": 1.0, "interpolation": 1.5}, r"interpolation is 1\.5"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    arguments: dict[str, object], message: str, tmp_path: Path
) -> None:
    kenlm.train(SENTENCES, order=2, out=tmp_path / "model.arpa")
    (tmp_path / "n.tsv").write_text("u\t1\ta\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=message):
        nw.rescore(tmp_path / "model.arpa", tmp_path / "n.tsv", **arguments)  # type: ignore[arg-type]


def test_low_order_model_with_zeros_is_refused() -> None:
    used = member()
    size = used.tokenizer.vocab_size
    zeros = ConstantModel([0.0] * (size - 1) + [1.0])
    low = Member(model=zeros, tokenizer=used.tokenizer, name="zeros")

    with pytest.raises(DataError, match="hypothesis of utterance u0 the probability 0"):
        rescore_lists(
            noisy_lists(2, seed=0),
            Models(main=used, low_order=low),
            weights=Weights(weight=1.0, low_order_weight=0.5),
        )


def test_development_set_with_other_scores_is_refused(tmp_path: Path) -> None:
    kenlm.train(SENTENCES, order=2, out=tmp_path / "model.arpa")
    for name, score in (("test", "am"), ("dev", "lm")):
        line = {"id": 1, "reference": "a", "text": "a", "scores": {score: 1}}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"are am, those of the development set .* are lm"):
        nw.rescore(tmp_path / "model.arpa", tmp_path / "test.jsonl", dev=tmp_path / "dev.jsonl")
