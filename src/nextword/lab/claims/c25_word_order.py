"""C25: the order of words matters."""

import random

import torch
from torch import Tensor

from nextword.families import (
    NeuralModelConfig,
    RecurrentConfig,
    TransformerConfig,
    WindowConfig,
)
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import WordCorpus, word_corpus, word_lstm, word_network, word_ngrams
from nextword.lab.tools import draw_bars
from nextword.lab.workbench import Workbench
from nextword.models import LanguageModel, inference

_MIN_CONTEXT, _MAX_CONTEXT, _NUM_TARGETS = 6, 15, 1_500
#: The networks that are trained here.
_CONFIGS: dict[str, NeuralModelConfig] = {
    "window": WindowConfig(window=4, hidden_size=64, embedding_size=48, tied=False),
    "Elman": RecurrentConfig(cell="elman", hidden_size=64, embedding_size=48, tied=False),
    "Transformer": TransformerConfig(hidden_size=48, num_layers=1),
}


def measure(bench: Workbench) -> Finding:
    """Shuffle the words before a target and score the target with every family."""
    corpus = word_corpus(bench)
    rows = _contexts(corpus, random.Random(bench.seed))
    models = _models(bench, corpus)
    rises = {}
    for name, model in models.items():
        before, after = (_target_nll(model, rows, shuffled=shuffled) for shuffled in (False, True))
        rises[name] = {"in_order": before, "shuffled": after, "rise": after - before}
    unigram = rises["unigram"]["rise"]
    others = {name: each["rise"] for name, each in rises.items() if name != "unigram"}
    all_rise = all(rise > 0 for rise in others.values())
    picture = draw_bars(
        {name: each["rise"] for name, each in rises.items()},
        bench.pictures / "c25.png",
        title="Shuffling the words before the target",
        label="rise of the loss, nats",
    )
    unchanged = abs(unigram) < 1e-6
    return Finding(
        verdict=Verdict.HOLDS if all_rise and unchanged else Verdict.PARTLY,
        reason=f"A shuffled context raises the loss of the target by {min(others.values()):.2f} to "
        f"{max(others.values()):.2f} nats for every family but the unigram, which reads no "
        "context.",
        figures={"nll": rises, "num_targets": len(rows)},
        checks=(
            Check(text="nll rises for every family but the unigram", passed=all_rise),
            Check(text="the unigram's does not change", passed=unchanged),
        ),
        pictures=(picture,),
    )


def _models(bench: Workbench, corpus: WordCorpus) -> dict[str, LanguageModel]:
    models: dict[str, LanguageModel] = {
        "unigram": word_ngrams(corpus, order=1),
        "3-gram": word_ngrams(corpus, order=3),
        "LSTM": word_lstm(bench),
    }
    for name, config in _CONFIGS.items():
        bench.on_progress(f"training the {name} network", 0, total=1)
        models[name] = word_network(corpus, config, num_epochs=1.5)
    return models


def _contexts(
    corpus: WordCorpus, generator: random.Random
) -> list[tuple[list[int], list[int], int]]:
    """Return (context, the same words shuffled, target) from held-out sentences."""
    boundary = corpus.tokenizer.vocabulary_spec.boundary_id
    found, sentence = [], []
    for word in corpus.held_out_ids.tolist():
        if word != boundary:
            sentence.append(word)
            continue
        if len(sentence) > _MIN_CONTEXT:
            length = min(len(sentence) - 1, _MAX_CONTEXT)
            shuffled = generator.sample(sentence[:length], length)
            found.append((sentence[:length], shuffled, sentence[length]))
        sentence = []
    return found[:_NUM_TARGETS]


def _target_nll(
    model: LanguageModel, rows: list[tuple[list[int], list[int], int]], *, shuffled: bool
) -> float:
    """Return the mean loss of the targets, nats."""
    contexts = [each[1] if shuffled else each[0] for each in rows]
    lengths = torch.tensor([len(context) + 1 for context in contexts])
    token_ids = torch.full((len(rows), int(lengths.max())), model.boundary_id)
    target_ids, mask = token_ids.clone(), torch.zeros_like(token_ids, dtype=torch.bool)
    for row, (context, each) in enumerate(zip(contexts, rows, strict=True)):
        token_ids[row, 1 : len(context) + 1] = torch.tensor(context)
        target_ids[row, len(context)] = each[2]
        mask[row, len(context)] = True
    total: Tensor
    with inference(model):
        total, _ = model.nll(token_ids, target_ids, model.initial_state(len(rows)), lengths, mask)
    return total.double().sum().item() / len(rows)


CLAIM = Claim(
    id="C25",
    name="word-order",
    statement="The order of the words matters to a language model.",
    sources=(Source(lecture="lecture-004", place="Language models"),),
    method="In held-out sentences the 6 to 15 words before a target are shuffled, and six families "
    "that were trained on the same English sentences score the target.",
    expected="The loss rises for every family but the unigram.",
    measure=measure,
)
