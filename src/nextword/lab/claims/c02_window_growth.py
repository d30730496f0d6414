"""C2: the matrix of a window model grows with the window; a recurrent network does not grow."""

import torch

from nextword.families import RecurrentConfig, WindowConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.tools import build_model, draw_curves, first_cell
from nextword.lab.workbench import Workbench

_EMBEDDING, _HIDDEN, _VOCAB = 12, 16, 30
_WINDOWS = (1, 2, 4, 8, 16, 32, 64)
_LENGTHS = (1, 10_000)


def measure(bench: Workbench) -> Finding:
    """Count the parameters of window models, and of a recurrent one before and after reading."""
    window_sizes = [_window_matrix(window) for window in _WINDOWS]
    is_exact = window_sizes == [_HIDDEN * window * _EMBEDDING for window in _WINDOWS]
    model = build_model(
        RecurrentConfig(cell="elman", hidden_size=_HIDDEN, embedding_size=_EMBEDDING, tied=False),
        vocab_size=_VOCAB,
    )
    counts, finite = [], True
    for length in _LENGTHS:
        ids = torch.randint(_VOCAB, (1, length))
        with torch.no_grad():
            hidden, _ = model.hidden(ids, model.initial_state(1))
        finite = finite and bool(hidden.isfinite().all())
        counts.append(model.num_parameters)
    recurrent = sum(
        first_cell(model).get_parameter(name).numel() for name in ("weight_ih", "weight_hh")
    )
    picture = draw_curves(
        {
            "window model: W": (_WINDOWS, window_sizes),
            "recurrent: W_e and W_h": (_WINDOWS, [recurrent] * len(_WINDOWS)),
        },
        bench.pictures / "c02.png",
        title=f"Parameters by the number of tokens read (n = {_EMBEDDING}, m = {_HIDDEN})",
        labels=("tokens", "parameters"),
    )
    is_constant = len(set(counts)) == 1 and finite
    return Finding(
        verdict=Verdict.HOLDS if is_exact and is_constant else Verdict.FAILS,
        reason=f"W has m·k·n entries for every window k, from {window_sizes[0]:,} at k = 1 to "
        f"{window_sizes[-1]:,} at k = {_WINDOWS[-1]}. The recurrent network has {counts[0]:,} "
        f"parameters, and reads {_LENGTHS[-1]:,} tokens with them.",
        figures={
            "window": list(_WINDOWS),
            "window_matrix": window_sizes,
            "recurrent_parameters": dict(zip(map(str, _LENGTHS), counts, strict=True)),
        },
        checks=(
            Check(text="W is exactly m·k·n", passed=is_exact),
            Check(text="RNN parameters identical at T = 1 and 10,000", passed=is_constant),
        ),
        pictures=(picture,),
    )


def _window_matrix(window: int) -> int:
    config = WindowConfig(window=window, hidden_size=_HIDDEN, embedding_size=_EMBEDDING, tied=False)
    model = build_model(config, vocab_size=_VOCAB)
    return sum(
        parameter.numel()
        for name, parameter in model.get_submodule("layers").named_parameters()
        if name.endswith("weight")
    )


CLAIM = Claim(
    id="C2",
    name="window-growth",
    statement="Enlarging the window of a fixed-window model enlarges its matrix W; a recurrent "
    "network reads a text of any length with the same parameters.",
    sources=(
        Source(lecture="lecture-000", place="A fixed-window neural language model"),
        Source(lecture="lecture-004", place="Fixed-window neural language model"),
    ),
    method="The entries of W are counted for windows of 1 to 64 tokens, and the parameters of an "
    "Elman network that reads 1 and 10,000 tokens.",
    expected="W has exactly m·k·n entries; the recurrent network has the same number of parameters "
    "at both lengths.",
    measure=measure,
)
