"""Scoring of sentences by an n-gram model, compared with the module kenlm."""

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from nextword import kenlm as our_kenlm
from nextword.base import ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import Effort, Samples, sample_in_turns, timed
from nextword.benchmarking.ngrams import (
    NgramSizes,
    batch_scorer,
    count_tokens,
    estimate,
    has_kenlm,
    kenlm_model,
    made_texts,
    scores_parity,
    sentence_scorer,
)
from nextword.benchmarking.ngrams.scoring import Scorer
from nextword.benchmarking.results import CaseResult, Row
from nextword.ngrams import arpa_text
from nextword.tensors import tune_process

BATCH = "nextword"
MODULE = "nextword.kenlm"
PEER = "kenlm"


@dataclass(frozen=True, kw_only=True)
class NgramScoreCase(Case):
    """The sentences of a text, scored by each program on one thread with the same model.

    The batch path scores encoded words together. The modules read one sentence at a time, as text.

    Attributes:
        sizes: Sizes of the model and of the texts.
    """

    sizes: NgramSizes = field(default_factory=NgramSizes)

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Compare the scores of all sentences, then time the programs in turns."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        train, test = made_texts(self.sizes)
        with TemporaryDirectory(prefix="nextword-bench-") as folder:
            scorers = self._scorers(train, test, folder=Path(folder))
        parity = scores_parity({name: scorer() for name, scorer in scorers.items()})
        contenders = {name: timed(scorer) for name, scorer in scorers.items()}
        samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress))
        num_tokens = count_tokens(test)
        return self.result(
            samples,
            kind="ngram",
            sizes=asdict(self.sizes),
            parity=parity,
            rows=tuple(_row(samples, name, num_tokens) for name in contenders),
            started=started,
        )

    def _scorers(self, train: str, test: str, *, folder: Path) -> dict[str, Scorer]:
        text, arpa = folder / "train.txt", folder / "model.arpa"
        text.write_text(train, encoding="utf-8")
        tokenizer, smoothed = estimate(text, order=self.sizes.order)
        with arpa.open("w", encoding="utf-8") as file:
            file.writelines(arpa_text(smoothed.tables, tokenizer=tokenizer))
        sentences = test.splitlines()
        scorers = {
            BATCH: batch_scorer(smoothed.tables, tokenizer=tokenizer, text=test),
            MODULE: sentence_scorer(our_kenlm.Model(arpa).score, sentences),
        }
        if has_kenlm():
            scorers[PEER] = sentence_scorer(kenlm_model(arpa).score, sentences)
        return scorers


def _row(samples: Samples, name: str, num_tokens: int) -> Row:
    row = row_of(samples, name, base=BATCH, precision=None)
    return replace(row, tokens_per_second=num_tokens / row.seconds.median)
