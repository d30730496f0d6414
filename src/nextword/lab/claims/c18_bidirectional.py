"""C18: bidirectional networks are better taggers, and no language models."""

import io
import keyword
import statistics
import tokenize
from collections import Counter
from itertools import islice

import torch
from torch import Tensor, nn

from nextword.cells import LstmCell
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import library_files
from nextword.lab.tools import draw_bars
from nextword.lab.workbench import Workbench
from nextword.recurrent import BidirectionalStack, RecurrentStack

_NUM_FILES, _LENGTH, _NUM_ROWS, _HELD_OUT_ROWS = 40, 40, 1_200, 300
_VOCAB, _EMBEDDING = 400, 24
#: Hidden sizes with nearly equal numbers of parameters.
_ONE_WAY, _EACH_WAY = 48, 31
_SEEDS, _UPDATES, _BATCH = 3, 150, 32
_GAP = 0.005
#: What a name in a program is: a function that is called, an attribute, and so on.
TAGS = ("other", "called", "attribute", "assigned")


class Tagger(nn.Module):
    """Embeddings, an LSTM in one or in both directions, and a score for each tag.

    Args:
        both_ways: Whether a second LSTM reads from the end.
    """

    def __init__(self, *, both_ways: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(_VOCAB, _EMBEDDING)
        size = _EACH_WAY if both_ways else _ONE_WAY
        self.both_ways = both_ways
        cells = [LstmCell(_EMBEDDING, size) for _ in range(1 + both_ways)]
        self.stack: nn.Module = (
            BidirectionalStack(cells[:1], cells[1:]) if both_ways else RecurrentStack(cells)
        )
        self.output = nn.Linear(size * (1 + both_ways), len(TAGS))

    def forward(self, token_ids: Tensor) -> Tensor:
        """Return the scores of the tags, (batch, time, tags).

        Args:
            token_ids: (batch, time).
        """
        embeddings = self.embedding(token_ids)
        if isinstance(self.stack, RecurrentStack):
            outputs, _ = self.stack(embeddings, self.stack.initial_state(len(token_ids)))
        else:
            outputs, _ = self.stack(embeddings)
        scores: Tensor = self.output(outputs)
        return scores


def measure(bench: Workbench) -> Finding:
    """Tag the names in programs in one direction and in both."""
    token_ids, tags = _tagged_rows()
    accuracies: dict[bool, list[float]] = {False: [], True: []}
    taggers = {}
    for seed in range(_SEEDS):
        for both_ways, found in accuracies.items():
            bench.on_progress(
                "training taggers", sum(map(len, accuracies.values())), total=2 * _SEEDS
            )
            torch.manual_seed(bench.seed + seed)
            tagger = taggers[both_ways] = Tagger(both_ways=both_ways)
            _train(tagger, token_ids[:-_HELD_OUT_ROWS], tags[:-_HELD_OUT_ROWS])
            found.append(_accuracy(tagger, token_ids[-_HELD_OUT_ROWS:], tags[-_HELD_OUT_ROWS:]))
    gaps = [both - one for one, both in zip(accuracies[False], accuracies[True], strict=True)]
    counts = {both: sum(p.numel() for p in tagger.parameters()) for both, tagger in taggers.items()}
    moved = {both: _moved_by_next(tagger, token_ids[-1:]) for both, tagger in taggers.items()}
    picture = draw_bars(
        {
            "forward": statistics.mean(accuracies[False]),
            "both directions": statistics.mean(accuracies[True]),
        },
        bench.pictures / "c18.png",
        title=f"Accuracy of tagging names in programs, mean of {_SEEDS} seeds",
        label="accuracy",
    )
    gap = statistics.mean(gaps)
    better = gap >= _GAP and gap > 2 * statistics.stdev(gaps)
    sees = moved[True] > 1e-6 and moved[False] == 0.0
    equal = abs(counts[True] / counts[False] - 1) <= 0.05
    return Finding(
        verdict=Verdict.HOLDS if better and sees else Verdict.PARTLY,
        reason=f"At equal parameters both directions tag {100 * gap:.1f} points better: whether a "
        "name is called is in the next token. For that reason it is no language model: the next "
        f"token moves the distribution at this one by {moved[True]:.3f}, in a forward network "
        "by 0.",
        figures={
            "accuracy_forward": accuracies[False],
            "accuracy_both": accuracies[True],
            "gap": gap,
            "num_parameters": {"forward": counts[False], "both": counts[True]},
            "moved_by_next_token_forward": moved[False],
            "moved_by_next_token_both": moved[True],
        },
        checks=(
            Check(text=">= 0.5 points better, beyond 2 standard deviations", passed=better),
            Check(text="equal parameters (± 5%)", passed=equal),
            Check(text="x[t+1] moves p(·|x≤t) by > 1e-6, forward by 0", passed=sees),
        ),
        pictures=(picture,),
    )


def _tagged_rows() -> tuple[Tensor, Tensor]:
    """Return token ids and tags of programs, (rows, length) each; -100 where there is no name."""
    words: list[tuple[str, int]] = []
    for _, text in islice(library_files(), _NUM_FILES):
        words += tagged_tokens(text)
    counts = Counter(word for word, _ in words)
    known = {word: number for number, (word, _) in enumerate(counts.most_common(_VOCAB - 1), 1)}
    ids = torch.tensor([known.get(word, 0) for word, _ in words])
    tags = torch.tensor([tag for _, tag in words])
    size = _NUM_ROWS * _LENGTH
    return ids[:size].view(_NUM_ROWS, _LENGTH), tags[:size].view(_NUM_ROWS, _LENGTH)


def tagged_tokens(text: str) -> list[tuple[str, int]]:
    """Return the tokens of a program with the tag of each name; -100 for other tokens.

    Args:
        text: The source of a module.

    Example:
        >>> [TAGS[tag] for word, tag in tagged_tokens("x = f(y.z)") if tag >= 0]
        ['assigned', 'called', 'other', 'attribute']
    """
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    ]
    found = []
    for place, token in enumerate(tokens):
        word = token.string if token.type in (tokenize.NAME, tokenize.OP) else str(token.type)
        tag = -100
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            after = tokens[place + 1].string if place + 1 < len(tokens) else ""
            before = tokens[place - 1].string if place else ""
            kind = "called" if after == "(" else "assigned" if after == "=" else "other"
            tag = TAGS.index("attribute" if before == "." and kind == "other" else kind)
        found.append((word, tag))
    return found


def _train(tagger: Tagger, token_ids: Tensor, tags: Tensor) -> None:
    optimizer = torch.optim.Adam(tagger.parameters(), lr=5e-3)
    for _ in range(_UPDATES):
        rows = torch.randint(len(token_ids), (_BATCH,))
        loss = nn.functional.cross_entropy(
            tagger(token_ids[rows]).flatten(0, 1), tags[rows].flatten()
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@torch.no_grad()
def _accuracy(tagger: Tagger, token_ids: Tensor, tags: Tensor) -> float:
    named = tags >= 0
    accuracy: float = (tagger(token_ids).argmax(2) == tags)[named].double().mean().item()
    return accuracy


@torch.no_grad()
def _moved_by_next(tagger: Tagger, row: Tensor) -> float:
    """Return how far the next token moves the distribution at the one before it."""
    middle = row.shape[1] // 2
    changed = row.clone()
    changed[0, middle + 1] = (changed[0, middle + 1] + 1) % _VOCAB
    before, after = (tagger(ids)[0, middle].softmax(0) for ids in (row, changed))
    moved: float = (after - before).abs().max().item()
    return moved


CLAIM = Claim(
    id="C18",
    name="bidirectional",
    statement="Bidirectional networks are better for tagging and classification, because the right "
    "context helps; they need the whole sequence, so they are no language models.",
    sources=(Source(lecture="lecture-004", place="Bidirectional RNNs"),),
    method="Names in source code are tagged as called, assigned, attribute or other, by an LSTM of "
    "48 units and by two of 31, three seeds; then the next token is changed.",
    expected="At least 0.5 points better at equal parameters; changing x[t+1] moves the "
    "distribution at t by more than 1e-6, and by 0 in the forward network.",
    measure=measure,
)
