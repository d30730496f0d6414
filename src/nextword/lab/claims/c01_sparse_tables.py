"""C1: tables of n-grams are sparse; a neural model gives every word some probability."""

from itertools import pairwise

import torch

from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import english_sentences, word_corpus, word_lstm, word_ngrams
from nextword.lab.tools import draw_curves
from nextword.lab.workbench import Workbench

_ORDERS = (1, 2, 3, 4, 5)
_HELD_OUT_EVERY = 5
_FLOAT_BYTES = 4
_MIN_UNSEEN, _MAX_DENSITY = 0.5, 0.01


@torch.no_grad()
def measure(bench: Workbench) -> Finding:
    """Count unseen n-grams, and look for the smallest probability of an LSTM."""
    sentences = [sentence.split() for sentence in english_sentences()]
    train = [s for number, s in enumerate(sentences) if number % _HELD_OUT_EVERY]
    held_out = [s for number, s in enumerate(sentences) if number % _HELD_OUT_EVERY == 0]
    unseen = [unseen_share(train, held_out, order=order) for order in _ORDERS]
    words = {word for sentence in train for word in sentence}
    bigrams = {pair for sentence in train for pair in pairwise(sentence)}
    density = len(bigrams) / len(words) ** 2
    corpus, model = word_corpus(bench), word_lstm(bench)
    ids = corpus.held_out_ids[:2_000].view(20, 100)
    log_probs, _ = model.next_log_probs(ids, model.initial_state(20))
    possible = log_probs[log_probs > -torch.inf]
    num_possible = corpus.tokenizer.vocabulary_spec.vocab_size - len(model.never_ids)
    has_no_zero = possible.numel() == ids.numel() * num_possible
    smallest = possible.min().item()
    table_bytes = sum(each.nbytes for each in word_ngrams(corpus, order=5).tensors().values())
    picture = draw_curves(
        {"held-out n-grams that are not in the training text": (_ORDERS, unseen)},
        bench.pictures / "c01.png",
        title="Unseen n-grams of English documentation",
        labels=("n", "share"),
        guides={"one half": 0.5},
    )
    rises = all(a < b for a, b in pairwise(unseen))
    sparse = unseen[-1] >= _MIN_UNSEEN and density < _MAX_DENSITY
    return Finding(
        verdict=Verdict.HOLDS if rises and sparse and has_no_zero else Verdict.PARTLY,
        reason=f"{unseen[0]:.0%} of held-out words and {unseen[-1]:.0%} of 5-grams are unseen; "
        f"{density:.3%} of all bigrams occur. The smallest probability of the LSTM is "
        f"e^{smallest:.0f}, not 0. Its {model.num_parameters * _FLOAT_BYTES / 1e6:.1f} MB compare "
        f"with {table_bytes / 1e6:.1f} MB of a 5-gram table.",
        figures={
            "unseen_share": {str(n): share for n, share in zip(_ORDERS, unseen, strict=True)},
            "bigram_density": density,
            "num_words": len(words),
            "smallest_neural_log_probability": smallest,
            "table_bytes": table_bytes,
            "network_bytes": model.num_parameters * _FLOAT_BYTES,
        },
        checks=(
            Check(text="unseen share strictly rises over n = 1..5", passed=rises),
            Check(text="unseen share >= 50% at n = 5", passed=unseen[-1] >= _MIN_UNSEEN),
            Check(text="density of the bigram table < 1%", passed=density < _MAX_DENSITY),
            Check(text="smallest neural probability > 0", passed=has_no_zero),
        ),
        pictures=(picture,),
    )


def unseen_share(train: list[list[str]], held_out: list[list[str]], *, order: int) -> float:
    """Return the share of the n-grams of sentences that do not occur in others.

    Args:
        train: The sentences that are counted.
        held_out: The sentences whose n-grams are looked up.
        order: n.

    Example:
        >>> unseen_share([["a", "b", "c"]], [["a", "b", "a"]], order=2)
        0.5
    """
    seen = {gram for sentence in train for gram in _ngrams(sentence, order)}
    grams = [gram for sentence in held_out for gram in _ngrams(sentence, order)]
    return sum(gram not in seen for gram in grams) / len(grams)


def _ngrams(sentence: list[str], order: int) -> list[tuple[str, ...]]:
    return [tuple(sentence[start : start + order]) for start in range(len(sentence) - order + 1)]


CLAIM = Claim(
    id="C1",
    name="sparse-tables",
    statement="The tables of statistical language models are sparse, must all be stored, and give "
    "0 to what was not seen; a neural model has no such zeros.",
    sources=(Source(lecture="lecture-000", place="A fixed-window neural language model"),),
    method="N-grams of English sentences from documentation strings (every fifth is held out) are "
    "counted; an LSTM over words predicts after 2,000 held-out words.",
    expected="The unseen share of held-out n-grams strictly rises over n = 1..5 and is at least "
    "50% at 5; fewer than 1% of the bigrams occur; the smallest neural probability is above 0.",
    measure=measure,
)
