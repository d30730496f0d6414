"""C22: unknown words are handled systematically, given embeddings."""

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import Stream, build_model, draw_bars, fit
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel

#: The language: words of a class are followed by words of another one.
_CLASSES, _PER_CLASS, _UNKNOWN = 8, 20, 0
_VOCAB = 1 + _CLASSES * _PER_CLASS
_UNSEEN_PER_CLASS = 4
_VECTOR_TOKENS, _TRAIN_TOKENS, _TEST_TOKENS = 200_000, 40_000, 20_000
_SIZE, _UNKNOWN_SHARE, _FAITHFUL = 16, 0.03, 0.9
_GAP = 0.1


def measure(bench: Workbench) -> Finding:
    """Compare vectors of words that the network never saw with `<unk>` in their place."""
    following = torch.randperm(_CLASSES)
    vectors = cooccurrence_vectors(_text(_VECTOR_TOKENS, following))
    ids = _text(_TRAIN_TOKENS, following)
    ids[_is_unseen(ids) | (torch.rand(len(ids)) < _UNKNOWN_SHARE)] = _UNKNOWN
    model = build_model(
        RecurrentConfig(hidden_size=32, embedding_size=_SIZE, tied=False),
        vocab_size=_VOCAB,
        dtype=torch.float32,
    )
    table = model.get_parameter("embedding")
    with torch.no_grad():
        table.copy_(vectors)
    table.requires_grad_(False)
    fit(model, ids, num_steps=300, bptt_steps=20, batch_size=16, learning_rate=1e-2)
    test = _text(_TEST_TOKENS, following)
    with_vector, with_unknown, all_finite, error = _scores(model, test)
    gap = with_unknown - with_vector
    picture = draw_bars(
        {"its pretrained vector": with_vector, "<unk>": with_unknown},
        bench.pictures / "c22.png",
        title="Loss of the word after a word that was never seen in training",
        label="nats",
    )
    beats, proper = gap >= _GAP, all_finite and error <= 1e-5
    return Finding(
        verdict=Verdict.HOLDS if beats and proper else Verdict.PARTLY,
        reason=f"After a word that it never saw, the network predicts better by {gap:.2f} nats "
        "with the word's vector than with `<unk>`. All probabilities are finite and sum to 1. "
        "Without a vector a network is as helpless as a table: every unknown word is the same.",
        figures={
            "nll_with_vector": with_vector,
            "nll_with_unknown": with_unknown,
            "gap": gap,
            "largest_error_of_a_sum": error,
        },
        checks=(
            Check(text="all finite, sums 1 ± 1e-5", passed=proper),
            Check(text="a pretrained vector beats `<unk>` by >= 0.1 nats", passed=beats),
        ),
        pictures=(picture,),
    )


def _text(num_tokens: int, following: Tensor) -> Stream:
    """Return random words: mostly from the class that follows the class of the word before."""
    classes = [0]
    faithful = torch.rand(num_tokens) < _FAITHFUL
    others = torch.randint(_CLASSES, (num_tokens,))
    for number in range(1, num_tokens):
        after = int(following[classes[-1]])
        classes.append(after if faithful[number] else int(others[number]))
    members = torch.randint(_PER_CLASS, (num_tokens,))
    return 1 + torch.tensor(classes) * _PER_CLASS + members


def _is_unseen(ids: Stream) -> Tensor:
    """Return which words are among those that the network is not trained on."""
    return ((ids - 1) % _PER_CLASS < _UNSEEN_PER_CLASS) & (ids != _UNKNOWN)


def cooccurrence_vectors(ids: Stream) -> Float[Tensor, "vocab size"]:
    """Return vectors of words from the words before and after them in a text.

    Args:
        ids: The text, which contains all words.

    Returns:
        The leading singular vectors of the square roots of the counts; 0 for `<unk>`.
    """
    counts = torch.zeros(_VOCAB, 2 * _VOCAB)
    counts.index_put_((ids[:-1], ids[1:]), torch.ones(()), accumulate=True)
    counts.index_put_((ids[1:], _VOCAB + ids[:-1]), torch.ones(()), accumulate=True)
    left, values, _ = torch.linalg.svd(counts.sqrt(), full_matrices=False)
    vectors = left[:, :_SIZE] * values[:_SIZE]
    scaled: Tensor = vectors / vectors[1:].std()
    return scaled


@torch.no_grad()
def _scores(model: NeuralLanguageModel, test: Stream) -> tuple[float, float, bool, float]:
    """Return the loss after unseen words in two ways, and whether probabilities are proper."""
    rows = test.view(20, -1)
    inputs, targets = rows[:, :-1], rows[:, 1:].clone()
    unseen = _is_unseen(inputs)
    counted = unseen & ~_is_unseen(targets)
    means, finite, error = [], True, 0.0
    for replaced in (inputs, inputs.masked_fill(unseen, _UNKNOWN)):
        log_probs, _ = model.next_log_probs(replaced, model.initial_state(len(rows)))
        finite = finite and bool(log_probs.isfinite().all())
        error = max(error, (log_probs.double().exp().sum(-1) - 1).abs().max().item())
        nll = -log_probs.gather(2, targets[:, :, None])[:, :, 0]
        means.append(nll[counted].mean().item())
    return means[0], means[1], finite, error


CLAIM = Claim(
    id="C22",
    name="unknown-words",
    statement="A neural model handles words that it did not see in a systematic way, given their "
    "embeddings.",
    sources=(Source(lecture="lecture-000", place="A fixed-window neural language model"),),
    method="In an artificial language of eight classes of words, a fifth of the words is left out "
    "of the training text. Vectors of all words come from co-occurrences in another text. The "
    "word after an unseen one is scored with its vector and with `<unk>` in its place.",
    expected="All probabilities are finite and sum to 1 ± 1e-5; the vector beats `<unk>` by at "
    "least 0.1 nats.",
    measure=measure,
)
