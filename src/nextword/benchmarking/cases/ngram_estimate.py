"""Estimation of an n-gram model from a raw text, compared with lmplz of KenLM."""

import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from safetensors.numpy import load_file

from nextword import kenlm as our_kenlm
from nextword.base import BenchmarkError, ProgressCallback
from nextword.benchmarking.cases.contract import Case, pairs_hook, row_of
from nextword.benchmarking.measuring import (
    Effort,
    Parity,
    ProgramUsage,
    Samples,
    Step,
    run_program,
    sample_in_turns,
)
from nextword.benchmarking.ngrams import (
    NgramSizes,
    batch_scorer,
    count_tokens,
    encode,
    estimate_command,
    lmplz_command,
    made_texts,
    scores_parity,
    sentence_scorer,
)
from nextword.benchmarking.ngrams.estimating import TABLES_FILE, TOKENIZER_FILE
from nextword.benchmarking.results import CaseResult, Row
from nextword.ngrams import NgramTables, count_ngrams, kneser_ney, sentences_of
from nextword.tensors import tune_process
from nextword.tokens import VocabularyTokenizer

OURS = "nextword"
PEER = "lmplz"
_SIZES = NgramSizes(num_train_tokens=1_000_000, num_test_tokens=6_000)


@dataclass(frozen=True, kw_only=True)
class NgramEstimateCase(Case):
    """From a file of raw text to a file with the n-grams, each program in a new process.

    nextword makes the vocabulary, encodes the text, counts, smooths, and writes its tables, without
    torch. lmplz writes an ARPA file; it is left out if it is not in a folder of PATH.

    Attributes:
        sizes: Sizes of the model and of the texts.
    """

    sizes: NgramSizes = _SIZES

    def measure(self, effort: Effort, *, on_progress: ProgressCallback) -> CaseResult:
        """Compare what both programs wrote, then run them in turns."""
        started = time.perf_counter()
        on_progress("checking", 0, total=1)
        tune_process()
        train, test = made_texts(self.sizes)
        with TemporaryDirectory(prefix="nextword-bench-") as name:
            files = _Files(folder=Path(name), order=self.sizes.order)
            files.train.write_text(train, encoding="utf-8")
            contenders: dict[str, Step] = {OURS: files.step(OURS, files.run_ours)}
            lmplz = shutil.which(PEER)
            if lmplz is not None:
                contenders[PEER] = files.step(PEER, lambda: files.run_peer(lmplz))
            for step in contenders.values():
                step()
            parity = files.memory_parity(train) if lmplz is None else files.peer_parity(test)
            samples = sample_in_turns(contenders, effort, on_pairs=pairs_hook(on_progress))
        num_tokens = count_tokens(train)
        return self.result(
            samples,
            kind="ngram",
            sizes=asdict(self.sizes),
            parity=parity,
            rows=tuple(_row(samples, name, files, num_tokens=num_tokens) for name in contenders),
            started=started,
        )


@dataclass(kw_only=True)
class _Files:
    """The files that both programs read and write, and what each run has used.

    Attributes:
        folder: Folder of the files.
        order: Order of the models.
        usages: What each run of a program has used, by program.
    """

    folder: Path
    order: int
    usages: dict[str, list[ProgramUsage]] = field(default_factory=dict)

    @property
    def train(self) -> Path:
        """The training text."""
        return self.folder / "train.txt"

    @property
    def arpa(self) -> Path:
        """The ARPA file that lmplz writes."""
        return self.folder / "lmplz.arpa"

    def run_ours(self) -> ProgramUsage:
        """Write our tables and the tokenizer."""
        return run_program(estimate_command(self.train, self.folder, order=self.order))

    def run_peer(self, lmplz: str) -> ProgramUsage:
        """Write the ARPA file."""
        command = lmplz_command(lmplz, self.folder, order=self.order)
        return run_program(command, stdin=self.train, stdout=self.arpa)

    def step(self, name: str, run: Callable[[], ProgramUsage]) -> Step:
        """Return a function that runs a program, keeps its usage, and returns its seconds."""

        def kept_run() -> float:
            usage = run()
            self.usages.setdefault(name, []).append(usage)
            return usage.seconds

        return kept_run

    def peer_parity(self, test: str) -> Parity:
        """Compare the scores of sentences under our tables and under the ARPA file of lmplz."""
        tables, tokenizer = self._written()
        ours = batch_scorer(tables, tokenizer=tokenizer, text=test)
        theirs = sentence_scorer(our_kenlm.Model(self.arpa).score, test.splitlines())
        return scores_parity({OURS: ours(), PEER: theirs()})

    def memory_parity(self, train: str) -> Parity:
        """Compare our tables, bit for bit, with those that are counted in memory.

        Raises:
            BenchmarkError: They differ.
        """
        written, tokenizer = self._written()
        counts = count_ngrams(sentences_of(encode(train, tokenizer), tokenizer), order=self.order)
        expected = kneser_ney(counts, never_ids=tokenizer.never_ids).tables.arrays()
        for name, array in written.arrays().items():
            if not np.array_equal(array, expected[name]):
                raise BenchmarkError(
                    f"{name}: the written table differs from that which is counted in memory.",
                    help="The results are wrong. Run the tests of nextword.",
                )
        return Parity(quantity="tables", distance=0.0, limit=0.0, reference="counting in memory")

    def _written(self) -> tuple[NgramTables, VocabularyTokenizer]:
        tokenizer = VocabularyTokenizer.load(self.folder / TOKENIZER_FILE)
        arrays = load_file(self.folder / TABLES_FILE)
        tables = NgramTables.from_arrays(
            arrays, vocab_size=tokenizer.vocab_size, source=TABLES_FILE
        )
        return tables, tokenizer


def _row(samples: Samples, name: str, files: _Files, *, num_tokens: int) -> Row:
    row = row_of(samples, name, base=OURS, precision=None)
    return replace(
        row,
        tokens_per_second=num_tokens / row.seconds.median,
        peak_memory_mib=statistics.median(usage.peak_memory_mib for usage in files.usages[name]),
    )
