"""The place of the module `kenlm`: its scores as recorded, and its interface for every model."""

import copy
import json
import math
import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import huggingface_models
import nextword as nw
from arpa_files import ARPA
from fakes import HashModel, random_text, tokenizer_of
from families import CASES
from nextword import kenlm
from nextword.base import ConfigError
from nextword.evaluation import per_line_scores
from nextword.interop.kenlm.scorer import words_of
from nextword.tokens import Direction, TokenizerKind

REPOSITORY = Path(__file__).resolve().parents[4]
GOLDEN = json.loads((REPOSITORY / "tests/golden/kenlm-scores.json").read_text("utf-8"))
LN_10 = math.log(10.0)
SENTENCES = ["", "w0", "w1 w2 w0 w3", "w4 unheard w1 w0"]
#: Cases of each kind of state and of tokenizer.
FAMILIES = [
    "cache-character",
    "lstm-adaptive-tied",
    "mixture-linear",
    "ngram-3-kneser_ney",
    "transformer-2",
    "window-3-untied",
    *(
        pytest.param(name, marks=pytest.mark.exhaustive)
        for name in CASES
        if name.startswith(("cache", "maxent", "mixture", "ngram", "transformer", "window"))
    ),
]


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "model.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


def of_case(name: str) -> kenlm.Model:
    case = CASES[name]
    return kenlm.Model.of(case.build(0), tokenizer=case.tokenizer)


def hash_model(direction: Direction = "forward") -> kenlm.Model:
    tokenizer = tokenizer_of(random_text(30, num_words=5), direction=direction)
    return kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)


def walk(model: kenlm.Model, words: list[str]) -> tuple[list[float], list[int], kenlm.State]:
    """Score words one at a time from the start of a sentence."""
    state = kenlm.State()
    model.BeginSentenceWrite(state)
    log_probs, lengths = [], []
    for word in words:
        found = model.BaseFullScore(state, word, state)
        log_probs.append(found.log_prob)
        lengths.append(found.ngram_length)
    return log_probs, lengths, state


@pytest.mark.peer
@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_scores_equal_those_recorded_from_the_kenlm_module(number: int, tmp_path: Path) -> None:
    recorded = GOLDEN[number]
    path = tmp_path / "model.arpa"
    path.write_text(recorded["arpa"], encoding="utf-8", newline="\n")

    model = kenlm.Model(str(path))

    assert model.order == recorded["order"]
    for sentence in recorded["sentences"]:
        text, bos, eos = sentence["text"], sentence["bos"], sentence["eos"]
        expected = sentence["scores"]
        scores = list(model.full_scores(text.encode(), bos, eos))
        # float32 has seven digits.
        assert [row[0] for row in scores] == pytest.approx(
            [row[0] for row in expected], abs=1e-5, rel=1e-7
        )
        assert [list(row[1:]) for row in scores] == [row[1:] for row in expected]
        total = sum(row[0] for row in expected)
        assert model.score(text, bos=bos, eos=eos) == pytest.approx(total, abs=1e-5, rel=3e-7)


def test_loading_an_arpa_file_does_not_import_torch(arpa: Path) -> None:
    code = (
        "import sys\n"
        "from nextword import kenlm\n"
        f"print(kenlm.Model({str(arpa)!r}).score('red hus'))\n"
        "assert 'torch' not in sys.modules\n"
    )

    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert float(finished.stdout) == pytest.approx(-0.4 - 0.1 - 0.2, abs=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_score_of_every_family_is_that_of_score_lines(name: str) -> None:
    case, model = CASES[name], of_case(name)
    expected = per_line_scores(case.build(0), SENTENCES, tokenizer=case.tokenizer)

    for sentence, score in zip(SENTENCES, expected, strict=True):
        words = [*sentence.split(), "</s>"]
        log_probs, lengths, _ = walk(model, words)
        rows = list(model.full_scores(sentence))
        assert model.score(sentence) == pytest.approx(score.log_prob / LN_10, abs=2e-5)
        assert log_probs == pytest.approx([row[0] for row in rows], abs=1e-5)
        assert lengths == [row[1] for row in rows]
        assert [row[2] for row in rows] == [word not in model and word != "</s>" for word in words]


@pytest.mark.parametrize("kind", ["byte", "bpe", "character"])
def test_words_of_several_tokens_have_the_score_of_the_line(kind: TokenizerKind) -> None:
    tokenizer = tokenizer_of(random_text(50) + "the hen of the men\n" * 9, kind=kind)
    language_model = HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
    model = kenlm.Model.of(language_model, tokenizer=tokenizer)
    lines = ["the hen w12 of", "w3 hus\u00a0é", "", "x"]

    for line, score in zip(
        lines, per_line_scores(language_model, lines, tokenizer=tokenizer), strict=True
    ):
        words = words_of(line)
        log_probs, _, _ = walk(model, [*words, "</s>"])
        assert model.score(line) == pytest.approx(score.log_prob / LN_10, abs=1e-5)
        assert sum(log_probs) == pytest.approx(score.log_prob / LN_10, abs=1e-5)
        unknown = sum(row[2] for row in model.full_scores(line))
        assert (unknown > 0) == (score.num_unknown > 0)


@pytest.mark.exhaustive
def test_score_of_a_transformers_model_is_that_of_score_lines() -> None:
    language_model = huggingface_models.model("llama")
    tokenizer = huggingface_models.tokenizer()
    model = kenlm.Model.of(language_model, tokenizer=tokenizer)
    [expected] = per_line_scores(language_model, ["the hen"], tokenizer=tokenizer)

    log_probs, _, _ = walk(model, ["the", "hen", "</s>"])

    assert model.score("the hen") == pytest.approx(expected.log_prob / LN_10, abs=1e-5)
    assert sum(log_probs) == pytest.approx(expected.log_prob / LN_10, abs=1e-5)


def test_score_without_end_leaves_out_its_probability() -> None:
    model = hash_model()

    rows = list(model.full_scores("w0 w1"))

    assert model.score("w0 w1", eos=False) == pytest.approx(rows[0][0] + rows[1][0])
    assert list(model.full_scores("", True, False)) == []
    assert model.score("", eos=False) == 0.0


def test_perplexity_counts_words_and_the_end(arpa: Path) -> None:
    model = kenlm.Model(arpa)

    assert model.perplexity("red hus") == pytest.approx(10 ** (0.7 / 3), rel=1e-5)


def test_document_perplexity_counts_every_line(arpa: Path) -> None:
    model = kenlm.Model(arpa)
    log10 = model.score("red hus") + model.score("") + model.score("hus")

    assert model.document_perplexity("red hus\n\nhus") == pytest.approx(10 ** (-log10 / 6))
    assert model.document_perplexity(b"red hus") == pytest.approx(model.perplexity("red hus"))
    assert model.document_perplexity("") == pytest.approx(model.perplexity(""))


@pytest.mark.parametrize("name", ["window-3-untied", "lstm-1-tied", "ngram-3-kneser_ney"])
def test_equal_states_predict_the_same(name: str) -> None:
    model = of_case(name)
    generator = random.Random(0)
    states = [
        walk(model, generator.choices(["w0", "w1", "w2"], k=generator.randint(0, 4)))[2]
        for _ in range(60)
    ]

    for first in states:
        for second in states:
            if first == second:
                assert hash(first) == hash(second)
                np.testing.assert_allclose(
                    model.next_scores(first), model.next_scores(second), atol=1e-6
                )
    assert len(set(states)) > 1
    assert min(states) <= max(states)


def test_ngram_states_forget_words_without_effect(arpa: Path) -> None:
    model = kenlm.Model(arpa)
    unheard, new = walk(model, ["unheard"])[2], kenlm.State()
    model.NullContextWrite(new)

    assert unheard == new == kenlm.State()
    assert walk(model, ["red"])[2] != new


def test_state_copies_do_not_change_with_the_original() -> None:
    model = hash_model()
    _, _, state = walk(model, ["w0"])
    copied, deep = copy.copy(state), copy.deepcopy(state)

    model.BaseScore(state, "w1", state)

    assert copied == deep != state
    assert copied != "w0"
    with pytest.raises(TypeError, match="State cannot be pickled"):
        pickle.dumps(state)
    with pytest.raises(TypeError):
        _ = state < 1  # type: ignore[operator]


def test_network_has_no_context_but_the_start() -> None:
    model = hash_model()
    begin, empty = kenlm.State(), kenlm.State()
    model.BeginSentenceWrite(begin)
    model.NullContextWrite(empty)

    assert begin == empty
    assert model.score("w0", bos=False) == model.score("w0")
    assert model.order == kenlm.UNBOUNDED_ORDER


def test_window_model_has_an_order() -> None:
    model = of_case("window-3-untied")

    lengths = [row[1] for row in model.full_scores("w0 w1 w2 w0 w1 w2 w0 w1 w2")]

    assert lengths[0] == 2
    assert max(lengths) == model.order < 10


def test_start_and_padding_as_words_are_unknown_to_a_network() -> None:
    model = hash_model()

    assert all(word not in model for word in ("<s>", "<pad>", "<unk>", "two words", ""))
    assert next(iter(model.full_scores("<s> <pad>")))[2]


@pytest.mark.parametrize("name", ["lstm-1-tied", "ngram-3-kneser_ney"])
def test_next_scores_are_those_of_single_words(name: str) -> None:
    model = of_case(name)
    _, _, state = walk(model, ["w0", "w1"])

    scores = model.next_scores(state)

    assert np.logaddexp.reduce(scores * LN_10) == pytest.approx(0.0, abs=1e-5)
    for word in ("w0", "w3", "</s>"):
        found = scores[model.vocabulary.index(word)]
        assert model.BaseScore(state, word, kenlm.State()) == pytest.approx(found, abs=1e-6)


def test_top_lists_the_best_first(arpa: Path) -> None:
    model = kenlm.Model(arpa)
    _, _, state = walk(model, ["red"])

    assert [word for word, _ in model.top(state, 3)] == ["hus", "red", "</s>"]
    assert model.top(k=1)[0] == ("red", pytest.approx(-0.4, abs=1e-6))
    with pytest.raises(ConfigError, match="k"):
        model.top(state, 0)


def test_next_scores_of_an_arpa_file_are_those_of_the_language_model(arpa: Path) -> None:
    loaded, model = nw.load(arpa), kenlm.Model(arpa)
    ids = loaded.tokenizer.encode("red").ids.tolist()

    log_probs, _ = loaded.language_model(torch.tensor([[loaded.language_model.boundary_id, *ids]]))

    expected = log_probs[0, -1].numpy() / LN_10
    np.testing.assert_allclose(model.next_scores(walk(model, ["red"])[2]), expected, atol=1e-6)


def test_generate_of_an_arpa_file_repeats_with_its_seed(arpa: Path) -> None:
    model = kenlm.Model(arpa)

    first = model.generate("red", max_words=5, seed=3)

    assert first == model.generate("red", max_words=5, seed=3)
    assert set(first.split()) <= {"red", "hus"}
    assert model.generate("red", temperature=0.0) == " hus"


def test_pickled_model_is_loaded_again(arpa: Path) -> None:
    model = kenlm.LanguageModel(str(arpa), kenlm.Config())

    again = pickle.loads(pickle.dumps(model))

    assert type(again) is kenlm.LanguageModel
    assert again.path == str(arpa).encode()
    assert again.score("red") == model.score("red")
    assert repr(again) == "<LanguageModel from model.arpa>"


def test_model_in_memory_cannot_be_pickled() -> None:
    model = hash_model()

    assert repr(model) == "<Model from memory>"
    with pytest.raises(TypeError, match="without a path cannot be pickled"):
        pickle.dumps(model)


def test_encoding_of_the_file_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "old.arpa"
    path.write_bytes(ARPA.replace("hus", "blå").encode("latin-1"))
    config = kenlm.Config()
    config.encoding = "latin-1"

    assert "blå" in kenlm.Model(path, config)
    with pytest.raises(OSError, match="is not UTF-8"):
        kenlm.Model(path)


def test_run_folder_and_arpa_file_of_one_model_agree(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(random_text(100, seed=1), encoding="utf-8")
    nw.train(
        tmp_path / "text.txt",
        out=tmp_path / "run",
        recipe="ngram-5",
        settings={"model": {"order": 3}, "tokenizer": {"lowercase": True}},
    )
    nw.load(tmp_path / "run").export_arpa(tmp_path / "model.arpa")
    folder, file = kenlm.Model(tmp_path / "run"), kenlm.Model(tmp_path / "model.arpa")

    for sentence in ("w0 w1 unheard w3", "", "w2 </s>"):
        assert list(folder.full_scores(sentence, False)) == list(file.full_scores(sentence, False))
    assert folder.score("W0 w1") == folder.score("w0 w1")
    assert folder.BaseFullScore(kenlm.State(), "<s>", kenlm.State()).log_prob == 0.0


def test_files_that_cannot_be_read_are_refused_as_os_errors(tmp_path: Path) -> None:
    binary = tmp_path / "model.bin"
    binary.write_bytes(b"mmap lm http://kheafield.com/code format version 5\n\0")

    with pytest.raises(OSError, match="there is no such file or folder"):
        kenlm.Model(tmp_path / "absent.arpa")
    with pytest.raises(kenlm.ModelFileError, match=r"KenLM's binary format.*lmplz --arpa"):
        kenlm.Model(binary)
    with pytest.raises(kenlm.ModelFileError, match="Cannot read model"):
        kenlm.Model(tmp_path)


def test_backward_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="reads lines from their end"):
        hash_model(direction="backward")
