"""The claims: complete, cheap ones measured in full, and parts of the others at small sizes."""

import math
import re
from pathlib import Path

import pytest
import torch

from nextword.lab import CLAIMS, Verdict, Workbench, find_claims, run_claim
from nextword.lab.claims.c01_sparse_tables import unseen_share
from nextword.lab.claims.c07_sigmoid_factor import counterexample_gradient
from nextword.lab.claims.c08_eigenvalues import log_norm_of_power
from nextword.lab.claims.c12_memory_horizon import horizon
from nextword.lab.claims.c13_keeping import elman_kept, lstm_drift
from nextword.lab.claims.c18_bidirectional import TAGS, tagged_tokens
from nextword.lab.claims.c20_summary import probed_sentences
from nextword.lab.claims.c21_sequential import scan_error
from nextword.lab.claims.c22_unknown_words import cooccurrence_vectors
from nextword.lab.claims.c23_both_directions import exponent

ROOT = Path(__file__).parents[3]
QUICK = ["C2", "C5", "C6", "C7", "C14", "C15"]


def test_claims_are_numbered_and_named_once() -> None:
    assert [claim.id for claim in CLAIMS] == [f"C{number}" for number in range(1, 26)]
    assert len({claim.name for claim in CLAIMS}) == 25


def test_claims_cite_listed_lectures_and_state_an_expectation() -> None:
    references = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")
    for claim in CLAIMS:
        assert claim.sources
        assert all(f"[{each.lecture}]" in references and each.place for each in claim.sources)
        assert min(map(len, (claim.statement, claim.method, claim.expected))) > 30


def test_files_of_claims_have_their_names() -> None:
    files = (ROOT / "src/nextword/lab/claims").glob("c*.py")
    numbers = sorted(int(re.match(r"c(\d+)_", file.name)[1]) for file in files)  # type: ignore[index]

    assert numbers == list(range(1, 26))


@pytest.mark.parametrize("name", QUICK)
def test_quick_claim_meets_its_expectation(name: str, tmp_path: Path) -> None:
    [claim] = find_claims([name])
    bench = Workbench(tmp_path, seed=1)

    outcome = run_claim(claim, bench)

    assert outcome.finding.passed, outcome.to_dict()
    assert all((bench.pictures / picture).stat().st_size for picture in outcome.finding.pictures)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["C3", "C4", "C8", "C13", "C23", "C24"])
def test_cheap_claim_meets_its_expectation(name: str, tmp_path: Path) -> None:
    [claim] = find_claims([name])

    assert run_claim(claim, Workbench(tmp_path, seed=1)).finding.passed


def test_bptt_claim_holds_partly_and_repeats_with_its_seed(tmp_path: Path) -> None:
    [claim] = find_claims(["C6"])
    first, second, other = (
        run_claim(claim, Workbench(tmp_path, seed=seed)).finding for seed in (3, 3, 4)
    )

    assert first.verdict is Verdict.PARTLY
    assert first.figures == second.figures
    assert first.figures != other.figures


def test_unseen_share_is_0_for_the_same_sentences() -> None:
    sentences = [["a", "b", "c", "a"]]

    assert unseen_share(sentences, sentences, order=3) == 0.0


def test_counterexample_doubles_at_every_step() -> None:
    assert counterexample_gradient()[:4] == [1.0, 2.0, 4.0, 8.0]


def test_log_norm_of_power_of_a_diagonal_matrix() -> None:
    matrix = torch.diag(torch.tensor([0.5, 2.0], dtype=torch.float64))

    assert log_norm_of_power(matrix, 1000) == pytest.approx(1000 * math.log(2))


def test_saturated_cell_keeps_its_value_and_tanh_loses_it() -> None:
    assert lstm_drift(50) == 0.0
    kept = elman_kept(100)
    assert kept[0] == 1.0
    assert kept[-1] < 0.5


def test_horizon_without_recall_is_0() -> None:
    assert horizon((5, 10), [0.5, 0.2]) == 0


def test_tags_of_names() -> None:
    tags = [(word, TAGS[tag]) for word, tag in tagged_tokens("a.b = c(d)\n") if tag >= 0]

    assert tags == [("a", "other"), ("b", "assigned"), ("c", "called"), ("d", "other")]


def test_scan_equals_the_loop() -> None:
    torch.manual_seed(0)

    assert scan_error() <= 1e-10


def test_words_of_equal_neighbours_have_similar_vectors() -> None:
    torch.manual_seed(0)
    # Words 1 and 2 come before 3, words 4 and 5 before 6.
    first, second = torch.randint(1, 3, (4000,)), torch.randint(4, 6, (4000,))
    pairs = torch.stack([first, torch.full_like(first, 3)], 1).flatten()
    others = torch.stack([second, torch.full_like(second, 6)], 1).flatten()

    vectors = cooccurrence_vectors(torch.cat([pairs, others]))

    def distance(left: int, right: int) -> float:
        return (vectors[left] - vectors[right]).norm().item()

    assert distance(1, 2) < 0.2 * distance(1, 4)


def test_exponent_of_a_power_law() -> None:
    assert exponent(torch.arange(20).double() * math.log(0.7)) == pytest.approx(math.log(0.7))


def test_probed_sentences_have_one_probed_word_in_the_first_half() -> None:
    torch.manual_seed(0)
    sentences = [torch.tensor([7, 8, 9, 6]), torch.tensor([1, 8, 9, 2]), torch.tensor([8, 9])]

    probed = probed_sentences(sentences, [1, 2], min_length=4)

    assert len(probed.sentences) == 8
    for sentence, word, distance in zip(
        probed.sentences, probed.words.tolist(), probed.distances.tolist(), strict=True
    ):
        assert distance >= 3
        assert sentence[-distance] == [1, 2][word]
        assert torch.isin(sentence, torch.tensor([1, 2])).sum() == 1
    for sentence in probed.sentences[:4]:
        assert (sentence != sentences[0]).sum() == 1
