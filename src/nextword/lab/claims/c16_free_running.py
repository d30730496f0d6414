"""C16: text that a model writes from its own output drifts away from human text."""

import numpy as np
import torch
from torch import Tensor

from nextword.families import NgramConfig, train_ngram
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import HELD_OUT_CHARACTERS, byte_lstm, held_out_ids, source_code
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench
from nextword.models import LanguageModel, inference
from nextword.text import Corpus, text_document
from nextword.tokens import Tokenizer, build_store

_ROWS, _PROMPT, _LENGTH, _PART = 256, 200, 500, 50
_GAP = 0.05


def measure(bench: Workbench) -> Finding:
    """Continue human prompts, and score both continuations with an independent 5-gram model."""
    model = byte_lstm(bench)
    ids = held_out_ids(model.tokenizer)
    half = ids[: len(ids) // 2]
    window = _PROMPT + _LENGTH
    starts = torch.linspace(0, len(half) - window - 1, _ROWS).long().tolist()
    human = torch.stack([half[start : start + window] for start in starts])
    free = torch.cat([human[:, :_PROMPT], _sampled(model.language_model, human[:, :_PROMPT])], 1)
    judge = _independent_ngrams(model.tokenizer)
    curves = {name: _by_part(judge, rows) for name, rows in (("human", human), ("free", free))}
    drifts = {name: parts[-1] - parts[0] for name, parts in curves.items()}
    gap = drifts["free"] - drifts["human"]
    middles = [_PART * (number + 0.5) for number in range(_LENGTH // _PART)]
    picture = draw_curves(
        {
            "written by the model": (middles, curves["free"]),
            "human continuation": (middles, curves["human"]),
        },
        bench.pictures / "c16.png",
        title="Score of continuations by an independent 5-gram model",
        labels=("tokens after the prompt", "nats per token"),
    )
    drifts_away = gap >= _GAP
    differs = curves["free"][0] - curves["human"][0] >= _GAP
    return Finding(
        verdict=_verdict(drifts_away, differs),
        reason=f"From tokens 1-50 to 451-500 the score of the model's own text changes by "
        f"{drifts['free']:+.3f} nats, that of the human continuation by {drifts['human']:+.3f}: a "
        f"difference of {gap:+.3f} nats. The two do differ, but from the first 50 tokens on, by "
        f"{curves['free'][0] - curves['human'][0]:+.2f} nats.",
        figures={
            "nll_by_50_tokens_free": curves["free"],
            "nll_by_50_tokens_human": curves["human"],
            "drift_free": drifts["free"],
            "drift_human": drifts["human"],
            "difference": gap,
            "gap_of_the_first_50": curves["free"][0] - curves["human"][0],
            "num_continuations": _ROWS,
        },
        checks=(
            Check(text="the drift exceeds that of human text by >= 0.05 nats", passed=drifts_away),
        ),
        pictures=(picture,),
    )


def _verdict(drifts_away: bool, differs: bool) -> Verdict:
    if drifts_away:
        return Verdict.HOLDS
    return Verdict.PARTLY if differs else Verdict.FAILS


def _sampled(model: LanguageModel, prompts: Tensor) -> Tensor:
    """Return sampled continuations, (rows, length)."""
    parts = []
    with inference(model):
        log_probs, state = model.next_log_probs(prompts, model.initial_state(len(prompts)))
        for _ in range(_LENGTH):
            token_ids = torch.multinomial(log_probs[:, -1].exp(), 1)
            parts.append(token_ids)
            log_probs, state = model.next_log_probs(token_ids, state)
    return torch.cat(parts, dim=1)


def _independent_ngrams(tokenizer: Tokenizer) -> LanguageModel:
    """Return a Kneser-Ney 5-gram model of source code that neither text comes from."""
    text = source_code(
        num_characters=HELD_OUT_CHARACTERS // 2, skip_characters=HELD_OUT_CHARACTERS // 2
    )
    corpus = Corpus(
        description="source code", open_documents=lambda: iter([text_document(text, name="source")])
    )
    store = build_store(corpus, tokenizer, folder=None)
    return train_ngram(store, tokenizer, config=NgramConfig(order=5))


def _by_part(judge: LanguageModel, rows: Tensor) -> list[float]:
    """Return the mean score of each part of 50 tokens after the prompt, nats per token."""
    nll, _ = judge.nll(rows[:, :-1], rows[:, 1:], judge.initial_state(len(rows)))
    scores = nll[:, _PROMPT - 1 :].numpy().reshape(len(rows), -1, _PART)
    return [float(score) for score in np.mean(scores, axis=(0, 2))]


CLAIM = Claim(
    id="C16",
    name="free-running",
    statement="Feeding the true token on and feeding the model's own output on are two different "
    "regimes; a model that was trained on true text meets other inputs when it runs freely.",
    sources=(Source(lecture="lecture-000", place="Training an RNN language model"),),
    method="The byte LSTM continues 256 prompts of 200 characters by 500 sampled ones. An "
    "independent Kneser-Ney 5-gram model scores them and the human continuations.",
    expected="From tokens 1-50 to 451-500 the score of free-running text rises by at least 0.05 "
    "nats more than that of the human continuation.",
    measure=measure,
)
