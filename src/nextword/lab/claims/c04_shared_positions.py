"""C4: the positions of a window model share nothing."""

import torch
from torch import Tensor, nn

from nextword.cells import ElmanCell
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import draw_bars
from nextword.lab.workbench import Workbench

_NUM_KEYS, _LENGTH, _HIDDEN = 10, 4, 32
_NUM_NETWORKS, _NUM_UPDATES = 20, 200
_NUM_RECURRENT = 5
_FILLER = _NUM_KEYS
_CHANCE = 1 / _NUM_KEYS


def measure(bench: Workbench) -> Finding:
    """Train on a key at position 1 alone, and ask for it at the other positions."""
    window = [_train_window() for _ in range(_NUM_NETWORKS)]
    window_transfer = sum(accuracy for accuracy, _ in window) / len(window)
    gradient = max(largest for _, largest in window)
    transfers = torch.tensor([_train_recurrent() for _ in range(_NUM_RECURRENT)])
    recurrent_transfer = transfers.mean().item()
    picture = draw_bars(
        {
            "window, position 2": window_transfer,
            "Elman, position 2": recurrent_transfer,
            "chance": _CHANCE,
        },
        bench.pictures / "c04.png",
        title="Accuracy where the key was never seen in training",
        label="accuracy",
    )
    at_chance = abs(window_transfer - _CHANCE) <= 0.05
    shares = recurrent_transfer >= 0.9
    return Finding(
        verdict=Verdict.HOLDS if gradient == 0 and at_chance and shares else Verdict.PARTLY,
        reason="The blocks of W for the other positions get exactly no gradient from a key at "
        f"position 1, and at position 2 the window model recalls it in {window_transfer:.0%} of "
        f"the cases (chance {_CHANCE:.0%}). The recurrent network, which reads each position with "
        f"the same W_e, recalls it in {recurrent_transfer:.0%}.",
        figures={
            "largest_gradient_of_other_blocks": gradient,
            "transfer_window": window_transfer,
            "transfer_recurrent": recurrent_transfer,
            "chance": _CHANCE,
            "num_networks": [_NUM_NETWORKS, _NUM_RECURRENT],
        },
        checks=(
            Check(text="gradient of the other blocks is 0", passed=gradient == 0),
            Check(text="transfer to position 2 at chance ± 5 points", passed=at_chance),
            Check(text="RNN >= 90%", passed=shares),
        ),
        pictures=(picture,),
    )


def _inputs(place: int) -> Tensor:
    """Return one-hot inputs, (keys, length, symbols): each key at a place, fillers elsewhere."""
    ids = torch.full((_NUM_KEYS, _LENGTH), _FILLER)
    ids[:, place] = torch.arange(_NUM_KEYS)
    return nn.functional.one_hot(ids, _NUM_KEYS + 1).double()


def _train_window() -> tuple[float, float]:
    """Return the accuracy at position 2, and the largest gradient of keys in the other blocks."""
    first = nn.Linear(_LENGTH * (_NUM_KEYS + 1), _HIDDEN)
    network = nn.Sequential(nn.Flatten(), first, nn.Tanh(), nn.Linear(_HIDDEN, _NUM_KEYS)).double()
    targets, largest = torch.randperm(_NUM_KEYS), 0.0
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(_NUM_UPDATES):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(_inputs(0)), targets).backward()  # type: ignore[no-untyped-call]
        assert first.weight.grad is not None
        gradient = first.weight.grad.view(_HIDDEN, _LENGTH, _NUM_KEYS + 1)
        largest = max(largest, gradient[:, 1:, :_NUM_KEYS].abs().max().item())
        optimizer.step()
    return _accuracy(network(_inputs(1)), targets), largest


def _train_recurrent() -> float:
    """Return the accuracy at position 2 of an Elman network trained on position 1."""
    cell, output = (
        ElmanCell(_NUM_KEYS + 1, _HIDDEN).double(),
        nn.Linear(_HIDDEN, _NUM_KEYS).double(),
    )
    nn.init.orthogonal_(cell.weight_hh)
    targets = torch.randperm(_NUM_KEYS)
    optimizer = torch.optim.Adam([*cell.parameters(), *output.parameters()], lr=0.005)

    def logits(place: int) -> list[Tensor]:
        """Return the answers after the key and after each filler behind it."""
        state, answers = cell.initial_state(_NUM_KEYS), []
        for time, inputs in enumerate(_inputs(place).unbind(1)):
            hidden, state = cell.step(inputs, state)
            if time >= place:
                answers.append(output(hidden))
        return answers

    for _ in range(_NUM_UPDATES):
        optimizer.zero_grad()
        loss = sum(nn.functional.cross_entropy(answer, targets) for answer in logits(0))
        loss.backward()  # type: ignore[union-attr]
        optimizer.step()
    return _accuracy(logits(1)[-1], targets)


def _accuracy(logits: Tensor, targets: Tensor) -> float:
    return (logits.argmax(1) == targets).double().mean().item()


CLAIM = Claim(
    id="C4",
    name="shared-positions",
    statement="In a fixed-window model each position is multiplied by weights of its own, so what "
    "is learned at one position is not known at another; a recurrent network uses the same "
    "weights at every step.",
    sources=(
        Source(lecture="lecture-000", place="A fixed-window model: the 4 x 4 example"),
        Source(lecture="lecture-004", place="Fixed-window neural language model"),
    ),
    method="One of 10 keys is at position 1 of 4, fillers elsewhere; the networks learn to name "
    "it (the recurrent one after each token from the key on). Then the key is moved to position "
    "2. 20 window networks and 5 recurrent ones.",
    expected="The other blocks of W get a gradient of 0, the window model is at chance ± 5 points "
    "at position 2, the recurrent network reaches 90%.",
    measure=measure,
)
