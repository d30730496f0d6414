"""C3: a fixed window is blind past its edge."""

import torch

from nextword.families import RecurrentConfig, WindowConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import build_model
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel

_SENTENCE = [
    "as",
    "the",
    "proctor",
    "started",
    "the",
    "clock",
    "the",
    "students",
    "opened",
    "their",
]
_EDITED = ("proctor", "clock")
_WINDOW, _NUM_NETWORKS = 4, 50
_OTHER_WORDS = ("teacher", "door", "meal", "song")
_LIMIT, _SHARE = 1e-6, 0.95
_WINDOW_CONFIG = WindowConfig(window=_WINDOW, hidden_size=24, embedding_size=12, tied=False)
_ELMAN_CONFIG = RecurrentConfig(cell="elman", hidden_size=24, embedding_size=12, tied=False)


def measure(bench: Workbench) -> Finding:
    """Replace words beyond the window and measure the change of the next word's probabilities."""
    words = sorted({*_SENTENCE, *_OTHER_WORDS})
    window_changes, recurrent_changes = [], []
    for _ in range(_NUM_NETWORKS):
        window = build_model(_WINDOW_CONFIG, vocab_size=len(words))
        elman = build_model(_ELMAN_CONFIG, vocab_size=len(words))
        window_changes += _changes(window, words)
        recurrent_changes += _changes(elman, words)
    share = sum(change > _LIMIT for change in recurrent_changes) / len(recurrent_changes)
    blind, sees = max(window_changes) == 0.0, share >= _SHARE
    return Finding(
        verdict=Verdict.HOLDS if blind and sees else Verdict.FAILS,
        reason=f"In {len(window_changes)} edits of {' and '.join(_EDITED)} the window of {_WINDOW} "
        f"tokens changes no probability by one bit; the recurrent network changes one by more "
        f"than 1e-6 in {share:.0%}. (How much it changes falls with the distance: see C12.)",
        figures={
            "num_edits": len(window_changes),
            "largest_change_window": max(window_changes),
            "smallest_change_recurrent": min(recurrent_changes),
            "median_change_recurrent": sorted(recurrent_changes)[len(recurrent_changes) // 2],
            "share_recurrent_above_1e-6": share,
        },
        checks=(
            Check(text="the window model's change is 0, bitwise", passed=blind),
            Check(text="RNN: over 1e-6 in >= 95% of cases", passed=sees),
        ),
    )


@torch.no_grad()
def _changes(model: NeuralLanguageModel, words: list[str]) -> list[float]:
    """Return the largest change of a probability for each edit."""
    original = _next_probabilities(model, words, _SENTENCE)
    changes = []
    for place in (_SENTENCE.index(word) for word in _EDITED):
        for other in _OTHER_WORDS:
            edited = [*_SENTENCE[:place], other, *_SENTENCE[place + 1 :]]
            after = _next_probabilities(model, words, edited)
            changes.append((after - original).abs().max().item())
    return changes


def _next_probabilities(
    model: NeuralLanguageModel, words: list[str], sentence: list[str]
) -> torch.Tensor:
    ids = torch.tensor([[words.index(word) for word in sentence]])
    log_probs, _ = model.next_log_probs(ids, model.initial_state(1))
    probabilities: torch.Tensor = log_probs[0, -1].exp()
    return probabilities


CLAIM = Claim(
    id="C3",
    name="blind-window",
    statement="A fixed-window model discards every word before its window, so words such as "
    '"proctor" and "clock" cannot influence what the students open; a recurrent network can use '
    "them.",
    sources=(Source(lecture="lecture-000", place="A fixed-window neural language model"),),
    method="In the lecture's sentence a word before the window of four tokens is replaced by "
    "another one, for 50 window models and 50 Elman networks with random weights, in float64.",
    expected="The window model's probabilities do not change in one bit; those of the recurrent "
    "network change by more than 1e-6 in at least 95% of the cases.",
    measure=measure,
)
