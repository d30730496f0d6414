"""The registry of benchmark cases. Add new cases here."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from nextword.base import ConfigError, did_you_mean
from nextword.benchmarking.cases.contract import Case
from nextword.benchmarking.cases.diagonal_layers import DiagonalPair
from nextword.benchmarking.cases.generate import GenerateCase
from nextword.benchmarking.cases.growth import GrowthCase
from nextword.benchmarking.cases.layers import LayersCase
from nextword.benchmarking.cases.ngram_estimate import NgramEstimateCase
from nextword.benchmarking.cases.ngram_score import NgramScoreCase
from nextword.benchmarking.cases.outputs import OutputsCase, OutputSizes
from nextword.benchmarking.cases.steps import StepCase
from nextword.benchmarking.generation import GenerateSizes
from nextword.benchmarking.step import StepSizes

#: The case that `nextword bench` measures by default.
DEFAULT_CASE = "step-lstm-medium"
_EVERYTHING = "all"

_MEDIUM = StepSizes(num_layers=2, hidden_size=650, vocab_size=10_000)
_SMALL = StepSizes(num_layers=2, hidden_size=200, vocab_size=10_000)
_LARGE_VOCABULARY = StepSizes(num_layers=1, hidden_size=1024, vocab_size=33_000)
_CHARACTERS = StepSizes(
    num_layers=2, hidden_size=512, vocab_size=100, batch_size=64, bptt_steps=128
)
_WORDS = {"hidden_size": 650, "vocab_size": 10_000}
_LETTERS = {"hidden_size": 512, "vocab_size": 100}

CASES: tuple[Case, ...] = (
    StepCase(
        name="step-lstm-medium",
        summary=f"training step, LSTM {_MEDIUM.describe()}",
        sizes=_MEDIUM,
    ),
    StepCase(
        name="step-lstm-medium-float32",
        summary=f"training step, LSTM {_MEDIUM.describe()}, in float32",
        sizes=_MEDIUM,
        precision="float32",
    ),
    StepCase(
        name="step-lstm-medium-without-kernels",
        summary=f"training step, LSTM {_MEDIUM.describe()}, without compiled kernels",
        sizes=_MEDIUM,
        backend="hoisted",
        uses_kernels=False,
    ),
    StepCase(
        name="step-lstm-small",
        summary=f"training step, LSTM {_SMALL.describe()}",
        sizes=_SMALL,
    ),
    StepCase(
        name="step-lstm-large-vocabulary",
        summary=f"training step, LSTM {_LARGE_VOCABULARY.describe()}",
        sizes=_LARGE_VOCABULARY,
    ),
    StepCase(
        name="step-char",
        summary=f"training step, LSTM {_CHARACTERS.describe().replace('words', 'characters')}",
        sizes=_CHARACTERS,
    ),
    LayersCase(name="layers-lstm", summary="LSTM layers, 2x650, batch 20 x 35", cell="lstm"),
    LayersCase(name="layers-gru", summary="GRU layers, 2x650, batch 20 x 35", cell="gru"),
    LayersCase(name="layers-elman", summary="Elman layers, 2x650, batch 20 x 35", cell="elman"),
    *(
        LayersCase(
            name=f"layers-{cell.replace('_', '-')}",
            summary=f"{name} layers beside torch's LSTM layers, 2x256, batch 8 x 1,024",
            cell=cell,
            make_pair=DiagonalPair,
            hidden_size=256,
            batch_size=8,
            num_steps=1024,
            num_checked_steps=70,
        )
        for cell, name in (("min_gru", "minGRU"), ("min_lstm", "minLSTM"))
    ),
    *(
        OutputsCase(
            name=f"outputs-{vocab_size // 1000}k{suffix}",
            summary=f"output layers, {vocab_size:,} words, 700 positions of width 650{words}",
            sizes=OutputSizes(vocab_size=vocab_size),
            precision=precision,
        )
        for vocab_size in (10_000, 33_000, 267_735)
        for precision, suffix, words in (("auto", "", ""), ("float32", "-float32", ", in float32"))
    ),
    *(
        GenerateCase(
            name=f"generate-{name}{suffix}",
            summary=f"generation, LSTM 2x{sizes['hidden_size']}, {sizes['vocab_size']:,} "
            f"{unit}, {words}",
            sizes=GenerateSizes(**sizes, num_streams=num_streams, num_tokens=num_tokens),
        )
        for name, unit, sizes in (("word", "words", _WORDS), ("char", "characters", _LETTERS))
        for num_streams, num_tokens, suffix, words in (
            (1, 1_000, "", "one text"),
            (64, 40, "-64", "64 texts together"),
        )
    ),
    NgramScoreCase(
        name="ngram-score",
        summary="scores of 50,000 tokens by 5-grams, next to the module kenlm, one thread",
    ),
    NgramEstimateCase(
        name="ngram-estimate",
        summary="5-grams from a raw text of 1,000,000 tokens, next to lmplz",
    ),
    GrowthCase(
        name="growth-time",
        summary="training step, LSTM 2x650, by number of time steps",
        sizes=_MEDIUM,
        axis="bptt_steps",
        values=(9, 18, 35, 70, 140),
    ),
    GrowthCase(
        name="growth-batch",
        summary="training step, LSTM 2x650, by batch size",
        sizes=_MEDIUM,
        axis="batch_size",
        values=(1, 5, 10, 20, 40, 80),
    ),
    GrowthCase(
        name="growth-hidden",
        summary="training step, LSTM of two layers, by hidden size",
        sizes=_MEDIUM,
        axis="hidden_size",
        values=(81, 162, 325, 650, 1300),
    ),
    GrowthCase(
        name="growth-vocabulary",
        summary="training step, LSTM 2x650, by vocabulary size",
        sizes=_MEDIUM,
        axis="vocab_size",
        values=(2_500, 5_000, 10_000, 20_000, 40_000),
    ),
)


def find_cases(patterns: Sequence[str], cases: Iterable[Case] = CASES) -> list[Case]:
    """Return the cases that match any of the patterns, in the order of the registry.

    Args:
        patterns: Names, patterns such as `step-*`, or `all`.
        cases: Cases to choose from.

    Raises:
        ConfigError: A name or pattern matches no case.
    """
    known = list(cases)
    wanted: set[str] = set()
    for pattern in patterns:
        found = [
            case.name for case in known if pattern == _EVERYTHING or fnmatchcase(case.name, pattern)
        ]
        if not found:
            raise ConfigError(
                f"there is no case {pattern!r}.",
                help=f"{did_you_mean(pattern, [case.name for case in known])} "
                "See nextword bench --list.",
            )
        wanted.update(found)
    return [case for case in known if case.name in wanted]
