"""Our Kneser-Ney against KenLM's: figures kept from lmplz and query, and the `kenlm` module."""

import csv
import itertools
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nextword as nw
from arpa_files import mutated_arpa
from fakes import random_text, store_of
from naive_ngrams import naive_arpa
from nextword import kenlm as our_kenlm
from nextword.base import FormatError
from nextword.cli import main
from nextword.families import NgramConfig, ngram_from_arpa, train_ngram
from nextword.families.ngram import NgramLanguageModel
from nextword.ngrams import KneserNey, arpa_text, count_ngrams, kneser_ney, sentences_of
from nextword.storage import read_arpa_file
from nextword.tokens import Tokenizer, TokenizerConfig, train_tokenizer
from random_arpa import odd_sentence, random_arpa, random_sentence

pytestmark = pytest.mark.peer

LN_10 = float(np.log(10.0))
TINY_ORDERS = [2, 3]
EXHAUSTIVE = pytest.mark.exhaustive
PTB_ORDERS = [*(pytest.param(order, marks=EXHAUSTIVE) for order in (2, 3, 4)), 5]
NUM_RANDOM_FILES = 200
#: lmplz's log gives six digits, the README's tables of perplexities three decimals.
DISCOUNT_LINE = re.compile(r"^(\d) (\d+) D1=(\S+) D2=(\S+) D3\+=(\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A tokenizer and the texts it was made for."""

    tokenizer: Tokenizer
    texts: dict[str, str]

    def smoothed(self, order: int, *, skip_unknown: bool = False) -> KneserNey:
        store = store_of(self.tokenizer, self.texts["train"])
        sentences = sentences_of(store, self.tokenizer, skip_unknown=skip_unknown)
        counts = count_ngrams(sentences, order=order)
        return kneser_ney(counts, never_ids=self.tokenizer.never_ids)

    def model(self, order: int, *, skip_unknown: bool = False) -> NgramLanguageModel:
        store = store_of(self.tokenizer, self.texts["train"])
        config = NgramConfig(order=order, unknown="kenlm" if skip_unknown else "auto")
        return train_ngram(store, self.tokenizer, config=config)


def as_lines(text: str) -> str:
    return "".join(f"{line.strip()}\n" for line in text.splitlines())


def corpus_of(texts: dict[str, str], *, closed: bool) -> Corpus:
    """Every word of the training text is known."""
    config = TokenizerConfig(min_count=1, closed=closed)
    return Corpus(tokenizer=train_tokenizer(config, [texts["train"]]), texts=texts)


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> Path:
    folder = shared_data / "kenlm-reference"
    if not folder.is_dir():
        pytest.skip(f"KenLM's figures are not at {folder}")
    return folder


@pytest.fixture(scope="module")
def tiny(reference: Path) -> Corpus:
    names = {"train": "train.txt", "test": "heldout.txt"}
    texts = {
        split: as_lines((reference / "tiny" / name).read_text(encoding="utf-8"))
        for split, name in names.items()
    }
    return corpus_of(texts, closed=False)


@pytest.fixture(scope="module")
def ptb_texts(shared_data: Path) -> dict[str, str]:
    return {
        split: as_lines((shared_data / "ptb" / f"{split}.txt").read_text(encoding="utf-8"))
        for split in ("train", "valid", "test")
    }


@pytest.fixture(scope="module")
def ptb(ptb_texts: dict[str, str]) -> Corpus:
    """As lmplz was given it: the literal `<unk>` under another name, an open vocabulary."""
    texts = {split: text.replace("<unk>", "@unk@") for split, text in ptb_texts.items()}
    return corpus_of(texts, closed=False)


@pytest.fixture(scope="module")
def closed_ptb(ptb_texts: dict[str, str]) -> Corpus:
    return corpus_of(ptb_texts, closed=True)


def read_along(
    model: NgramLanguageModel, tokenizer: Tokenizer, text: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log10 score, matched order and id of every token of a text read in one go."""
    ids = torch.from_numpy(store_of(tokenizer, text).ids.astype(np.int64))[None]
    token_ids = torch.cat([torch.tensor([[model.boundary_id]]), ids[:, :-1]], dim=1)
    nll, _ = model.nll(token_ids, ids, model.initial_state(1))
    orders = model.match_orders(token_ids, ids, state=model.initial_state(1))
    return -nll[0].double().numpy() / LN_10, orders[0].numpy(), ids[0].numpy()


def by_sentence(scores: np.ndarray, ids: np.ndarray, end_id: int) -> np.ndarray:
    ends = np.flatnonzero(ids == end_id)
    return np.add.reduceat(scores, np.concatenate([[0], ends[:-1] + 1]))


def perplexity(scores: np.ndarray) -> float:
    return float(10.0 ** -scores.mean())


def written(model: NgramLanguageModel, tokenizer: Tokenizer) -> str:
    return "".join(arpa_text(model.tables, tokenizer=tokenizer))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def assert_same_statistics(result: KneserNey, log: str) -> None:
    """The counts and discounts of each order, as lmplz prints them: six digits."""
    lines = DISCOUNT_LINE.findall(log)
    assert len(lines) == result.tables.order
    for (order, num_ngrams, *amounts), discounts in zip(lines, result.discounts, strict=True):
        # lmplz has no padding among its words.
        extra = 1 if order == "1" else 0
        assert result.tables.num_ngrams[int(order) - 1] - extra == int(num_ngrams)
        assert [f"{amount:.6g}" for amount in discounts.amounts] == amounts


@pytest.mark.parametrize("order", TINY_ORDERS)
def test_lmplz_tiny_counts_and_discounts_are_equal(
    order: int, tiny: Corpus, reference: Path
) -> None:
    log = (reference / "tiny" / f"order{order}.lmplz.log").read_text(encoding="utf-8")

    assert_same_statistics(tiny.smoothed(order), log)


@pytest.mark.parametrize("order", TINY_ORDERS)
def test_lmplz_tiny_arpa_is_equal(order: int, tiny: Corpus, reference: Path) -> None:
    path = reference / "tiny" / f"order{order}.arpa"
    expected = naive_arpa(path.read_text(encoding="utf-8"))

    actual = naive_arpa(written(tiny.model(order), tiny.tokenizer))

    assert actual.keys() == expected.keys()
    for ngram, numbers in expected.items():
        assert actual[ngram] == pytest.approx(numbers, abs=1e-6)


@pytest.mark.parametrize("source", ["trained", "arpa"])
@pytest.mark.parametrize("order", TINY_ORDERS)
def test_kenlm_tiny_word_scores_are_equal(
    order: int, source: str, tiny: Corpus, reference: Path
) -> None:
    rows = table(reference / "tiny" / f"order{order}.word-scores.tsv")
    model, tokenizer = tiny.model(order), tiny.tokenizer
    if source == "arpa":
        with (reference / "tiny" / f"order{order}.arpa").open("rb") as file:
            model, tokenizer = ngram_from_arpa(file, name="tiny")

    scores, orders, ids = read_along(model, tokenizer, tiny.texts["test"])

    np.testing.assert_allclose(scores, [float(row["log10prob"]) for row in rows], atol=1e-5, rtol=0)
    assert orders.tolist() == [int(row["ngram_length"]) for row in rows]
    assert (ids == tokenizer.unknown_id).tolist() == [row["oov"] == "1" for row in rows]


@pytest.mark.parametrize("order", TINY_ORDERS)
def test_kenlm_tiny_sentence_scores_are_equal(order: int, tiny: Corpus, reference: Path) -> None:
    rows = table(reference / "tiny" / f"order{order}.sentence-scores.tsv")

    scores, _, ids = read_along(tiny.model(order), tiny.tokenizer, tiny.texts["test"])

    sums = by_sentence(scores, ids, tiny.tokenizer.sentence_end_id)
    expected = [float(row["log10prob_with_eos"]) for row in rows]
    np.testing.assert_allclose(sums, expected, rtol=1e-5)


@pytest.mark.parametrize("order", PTB_ORDERS)
def test_kenlm_ptb_sentence_scores_are_equal(order: int, ptb: Corpus, reference: Path) -> None:
    model = ptb.model(order)
    for split in ("valid", "test"):
        rows = table(reference / f"ptb-{split}.sentence-log10.tsv")

        scores, _, ids = read_along(model, ptb.tokenizer, ptb.texts[split])

        sums = by_sentence(scores, ids, ptb.tokenizer.sentence_end_id)
        expected = [float(row[f"order{order}"]) for row in rows]
        # The figures kept have five decimals.
        np.testing.assert_allclose(sums, expected, rtol=1e-5, atol=1e-5)


def test_lmplz_ptb_counts_and_discounts_are_equal(ptb: Corpus) -> None:
    log = """
1 10002 D1=0.25656 D2=0.82888 D3+=1.26492
2 264990 D1=0.727802 D2=1.09876 D3+=1.4713
3 586558 D1=0.868879 D2=1.25462 D3+=1.44822
4 717733 D1=0.942828 D2=1.38314 D3+=1.43173
5 737952 D1=0.959671 D2=1.3879 D3+=1.24171
"""

    assert_same_statistics(ptb.smoothed(5), log)


@pytest.mark.parametrize(
    ("order", "valid", "test"),
    [
        pytest.param(2, 199.018, 185.705, marks=EXHAUSTIVE),
        pytest.param(3, 157.765, 148.281, marks=EXHAUSTIVE),
        pytest.param(4, 149.896, 142.716, marks=EXHAUSTIVE),
        (5, 148.007, 141.186),
    ],
)
def test_kenlm_ptb_perplexities_are_equal(
    order: int, valid: float, test: float, ptb: Corpus
) -> None:
    model = ptb.model(order)
    for split, expected in (("valid", valid), ("test", test)):
        scores, _, _ = read_along(model, ptb.tokenizer, ptb.texts[split])

        assert perplexity(scores) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(("order", "expected"), [(3, 148.28), (5, 141.19)])
def test_closed_ptb_perplexity_is_the_published_one(
    order: int, expected: float, closed_ptb: Corpus
) -> None:
    scores, _, _ = read_along(
        closed_ptb.model(order), closed_ptb.tokenizer, closed_ptb.texts["test"]
    )

    assert perplexity(scores) == pytest.approx(expected, abs=0.01)


def test_lmplz_skipping_unknown_words_is_equal(closed_ptb: Corpus) -> None:
    log = """
1 10001 D1=0.269406 D2=0.72032 D3+=1.15669
2 271372 D1=0.736147 D2=1.10173 D3+=1.46771
3 578317 D1=0.878891 D2=1.26107 D3+=1.45765
4 685219 D1=0.948592 D2=1.39038 D3+=1.4067
5 696182 D1=0.960953 D2=1.38155 D3+=1.2388
"""

    assert_same_statistics(closed_ptb.smoothed(5, skip_unknown=True), log)


def test_kenlm_skipping_unknown_words_perplexities_are_equal(closed_ptb: Corpus) -> None:
    model = closed_ptb.model(5, skip_unknown=True)

    scores, _, ids = read_along(model, closed_ptb.tokenizer, closed_ptb.texts["test"])

    assert perplexity(scores) == pytest.approx(265.485, abs=6e-4)
    known = ids != closed_ptb.tokenizer.unknown_id
    assert perplexity(scores[known]) == pytest.approx(161.264, abs=6e-4)


def assert_scores_as_the_kenlm_module(
    path: Path,
    text: str,
    *,
    cut: Callable[[str], list[str]] = str.split,
    read_by_us: Path | None = None,
) -> None:
    """Compare every token: its score, the order it is found in, and whether it is unknown."""
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed; make peers")
    loaded = nw.load(path if read_by_us is None else read_by_us)
    assert isinstance(loaded.language_model, NgramLanguageModel)
    has_ends = loaded.tokenizer.kind == "word"
    scores, orders, ids = read_along(loaded.language_model, loaded.tokenizer, text)

    peer = kenlm.Model(str(path))

    sentences = text.splitlines() if has_ends else [text]
    rows = [
        row
        for sentence in sentences
        for row in peer.full_scores(" ".join(cut(sentence)), eos=has_ends)
    ]
    np.testing.assert_allclose(scores, [score for score, _, _ in rows], atol=1e-5, rtol=0)
    assert orders.tolist() == [length for _, length, _ in rows]
    unknown = ids == loaded.tokenizer.unknown_id
    assert unknown.tolist() == [is_unknown for _, _, is_unknown in rows]


def exported(folder: Path, text: str, *settings: str) -> Path:
    """The ARPA file that the command line makes of a text."""
    (folder / "text.txt").write_text(text, encoding="utf-8")
    options = [word for setting in settings for word in ("--set", setting)]
    run = str(folder / "run")
    train = ["train", str(folder / "text.txt"), "--out", run, "--recipe", "ngram-5"]
    assert main([*train, "--split", "1,0,0", "--quiet", *options]) == 0
    assert main(["export", run, "--to", "arpa", "--out", str(folder)]) == 0
    return folder / "model.arpa"


@pytest.mark.parametrize(
    "settings",
    [
        ("model.order=2",),
        ("model.order=3",),
        ("model.order=5", "model.prune=[0, 0, 1]"),
        ("model.order=4", "model.prune=[0, 1, 2]"),
        ("model.order=2", "model.smoothing=add_k"),
        ("model.order=3", "tokenizer.closed=true"),
        ("model.order=3", "model.unknown=kenlm"),
    ],
)
def test_kenlm_module_scores_an_exported_model_as_we_do(
    settings: tuple[str, ...], tmp_path: Path
) -> None:
    path = exported(tmp_path, random_text(400, seed=1, num_words=60), *settings)

    assert_scores_as_the_kenlm_module(path, random_text(80, seed=2, num_words=70))


def test_kenlm_module_scores_exported_characters_as_we_do(tmp_path: Path) -> None:
    text = random_text(50, seed=1)
    path = exported(tmp_path, text, "tokenizer.kind=character", "model.order=4")

    def cut(sentence: str) -> list[str]:
        return [{" ": "<0x20>", "\n": "<0x0A>"}.get(sign, sign) for sign in sentence]

    assert_scores_as_the_kenlm_module(path, random_text(9, seed=2) + "ü", cut=cut)


def test_kenlm_module_a_file_that_differs_in_a_digit_is_noticed(tmp_path: Path) -> None:
    path = exported(tmp_path, random_text(400, seed=1), "model.order=2")
    changed = tmp_path / "changed.arpa"
    content = path.read_text(encoding="utf-8")
    line = next(line for line in content.splitlines() if "\tw1\t" in line)
    log_prob, word, backoff = line.split("\t")
    changed.write_text(
        content.replace(line, f"{log_prob}\t{word}\t{float(backoff) + 0.001}"), encoding="utf-8"
    )
    text = "w1 zzz\n"
    assert_scores_as_the_kenlm_module(path, text)

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_scores_as_the_kenlm_module(path, text, read_by_us=changed)


@pytest.mark.parametrize("num_mutations", [200, pytest.param(2000, marks=EXHAUSTIVE)])
def test_kenlm_module_reads_mutated_files_as_we_do(num_mutations: int, tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed; make peers")
    quiet = kenlm.Config()
    quiet.show_progress = False
    generator = random.Random(0)
    path = tmp_path / "model.arpa"
    outcomes: Counter[str] = Counter()
    for _ in range(num_mutations):
        path.write_bytes(mutated_arpa(generator))
        try:
            model, tokenizer = read_arpa_file(path)
        except FormatError:
            outcomes["we refuse"] += 1
            continue
        try:
            peer = kenlm.Model(str(path), quiet)
        except (OSError, UnicodeDecodeError):  # the second: its message quotes bytes of the file
            outcomes["KenLM refuses"] += 1
            continue
        outcomes["both read"] += 1
        for sentence in ("red hus", "hus red red", "blå hus"):
            scores, _, _ = read_along(model, tokenizer, sentence + "\n")
            expected = [score for score, _, _ in peer.full_scores(sentence)]
            # A mutation may make a number of any size.
            assert scores.tolist() == pytest.approx(expected, rel=1e-5, abs=1e-5)

    assert outcomes["both read"] > num_mutations // 20, outcomes


@pytest.mark.parametrize("order", TINY_ORDERS)
def test_kenlm_module_scores_the_tiny_text_as_we_do(
    order: int, tiny: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "model.arpa"
    path.write_text(written(tiny.model(order), tiny.tokenizer), encoding="utf-8")

    assert_scores_as_the_kenlm_module(path, tiny.texts["test"])


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=EXHAUSTIVE) for seed in (1, 2, 3))])
def test_kenlm_module_scores_random_files_as_we_do(seed: int, tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed; make peers")
    quiet = kenlm.Config()
    quiet.show_progress = False
    generator = random.Random(seed)
    path = tmp_path / "model.arpa"
    num_read = 0
    while num_read < NUM_RANDOM_FILES // 4:
        text, words = random_arpa(generator)
        path.write_text(text, encoding="utf-8", newline="\n")
        model, tokenizer = read_arpa_file(path)
        try:
            peer = kenlm.Model(str(path), quiet)
        except OSError as error:
            # The only reason to refuse: so many suffixes are missing that KenLM's table is full.
            if "Avoid pruning n-grams" not in str(error):
                raise
            continue
        num_read += 1
        for _ in range(5):
            sentence = random_sentence(words, generator)
            scores, _, _ = read_along(model, tokenizer, sentence + "\n")
            expected = [score for score, _, _ in peer.full_scores(sentence)]
            assert scores.tolist() == pytest.approx(expected, rel=1e-5, abs=1e-5), (text, sentence)


@pytest.mark.parametrize("num_files", [20, pytest.param(NUM_RANDOM_FILES, marks=EXHAUSTIVE)])
def test_our_kenlm_module_is_equal_to_the_kenlm_module(num_files: int, tmp_path: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed; make peers")
    quiet = kenlm.Config()
    quiet.show_progress = False
    generator = random.Random(7)
    path = tmp_path / "model.arpa"
    num_read = 0
    while num_read < num_files:
        text, words = random_arpa(generator)
        path.write_text(text, encoding="utf-8", newline="\n")
        try:
            peer = kenlm.Model(str(path), quiet)
        except OSError as error:
            if "Avoid pruning n-grams" not in str(error):
                raise
            continue
        num_read += 1
        ours = our_kenlm.Model(str(path), our_kenlm.Config())
        assert (ours.path, ours.order) == (peer.path, peer.order)
        for word in [*words, "unheard", "<s>", "</s>", "<unk>", "<UNK>", "<pad>", ""]:
            assert (word in ours) == (word in peer)
        sentences = [odd_sentence(words, generator) for _ in range(50)]
        walks = [walked_by_both(ours, peer, kenlm.State, each) for each in sentences]
        # KenLM keeps the start of a sentence as context, and an unknown word if the file has no
        # <unk>, although they have no effect.
        is_after_words = [bool(each.encode().split()) for each, _, _ in sentences]
        states = list(itertools.compress(walks, is_after_words))
        for (first, peer_first), (second, peer_second) in itertools.pairwise(states):
            if "<unk>" in text.lower():
                assert (first == second) == (peer_first == peer_second)


def walked_by_both(
    ours: our_kenlm.Model, peer: Any, state_of_peer: Any, sentence: tuple[str, bool, bool]
) -> tuple[our_kenlm.State, Any]:
    """Compare all scores of a sentence, and return the states after its words."""
    text, bos, eos = sentence
    given = text.encode() if len(text) % 2 else text
    scores = list(ours.full_scores(given, bos, eos))
    expected = list(peer.full_scores(given, bos, eos))
    # float32 has seven digits.
    assert [row[0] for row in scores] == pytest.approx(
        [row[0] for row in expected], abs=1e-5, rel=1e-7
    )
    assert [row[1:] for row in scores] == [row[1:] for row in expected]
    total = pytest.approx(peer.score(given, bos, eos), abs=1e-5, rel=5e-7)
    assert ours.score(given, bos, eos) == total
    assert ours.perplexity(given) == pytest.approx(peer.perplexity(given), rel=1e-4)
    state, peer_state = our_kenlm.State(), state_of_peer()
    (ours.BeginSentenceWrite if bos else ours.NullContextWrite)(state)
    (peer.BeginSentenceWrite if bos else peer.NullContextWrite)(peer_state)
    for word in text.encode().split():
        found = ours.BaseFullScore(state, word.decode(), state)
        after = state_of_peer()
        wanted = peer.BaseFullScore(peer_state, word.decode(), after)
        peer_state = after
        assert found.log_prob == pytest.approx(wanted.log_prob, abs=1e-5, rel=1e-7)
        assert (found.ngram_length, found.oov) == (wanted.ngram_length, bool(wanted.oov))
    return state, peer_state
