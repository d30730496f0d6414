"""C17: single cells of an LSTM follow the position in the line, quotes, comments, `if` bodies."""

from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from nextword.families import RecurrentConfig
from nextword.lab.code_properties import code_properties
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.drawing import draw_bars
from nextword.lab.networks import build_model
from nextword.lab.texts import library_files
from nextword.lab.trained import HELD_OUT_CHARACTERS, byte_lstm
from nextword.lab.units import best_unit, cell_states
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel

_LANE, _WARM_UP = 2_500, 200
#: Every third position is scored: neighbours are nearly equal.
_STRIDE = 3
_WANTED, _LIMIT, _UNTRAINED_LIMIT = 3, 0.90, 0.75


def measure(bench: Workbench) -> Finding:
    """Search the cells of the byte LSTM, and of the same network before training."""
    model = byte_lstm(bench)
    trained = model.language_model
    assert isinstance(trained, NeuralLanguageModel)
    lanes, labels = _labelled_lanes(np.asarray(model.tokenizer.encode("".join(map(chr, range(128)))).ids))
    untrained = _untrained_like(trained)
    scores, controls, units = {}, {}, {}
    for name, network, found in (("trained", trained, scores), ("untrained", untrained, controls)):
        bench.on_progress(f"reading with the {name} network", 0, 1)
        states = cell_states(network, lanes)[:, _WARM_UP::_STRIDE]
        half = len(states) // 2
        for property_name, marks in labels.items():
            match = best_unit(
                states[:half].flatten(0, 1),
                marks[:half].reshape(-1),
                held_out=states[half:].flatten(0, 1),
                held_out_labels=marks[half:].reshape(-1),
            )
            found[property_name] = match.auc
            if network is trained:
                units[property_name] = match.unit
    tracked = [name for name, value in scores.items() if value >= _LIMIT]
    low_controls = all(controls[name] <= _UNTRAINED_LIMIT for name in tracked)
    picture = draw_bars(
        {
            f"{name}, {kind}": values[name]
            for name in scores
            for kind, values in (("trained", scores), ("untrained", controls))
        },
        bench.pictures / "c17.png",
        title="The best single cell for each property, on held-out text",
        label="area under the ROC curve",
        guides={"0.90": _LIMIT},
    )
    enough = len(tracked) >= _WANTED
    if enough and len(tracked) == len(scores):
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.PARTLY if tracked else Verdict.FAILS
    return Finding(
        verdict=verdict,
        reason=f"{len(tracked)} of {len(scores)} properties are followed by a single cell with an "
        f"AUC of at least {_LIMIT}: {', '.join(tracked) or 'none'}. "
        f"Best cells of the untrained network reach at most {max(controls.values()):.2f}.",
        figures={
            "auc": scores,
            "auc_untrained": controls,
            "unit": units,
            "num_units": int(states.shape[2]),
            "share_of_positions": {name: float(marks.mean()) for name, marks in labels.items()},
        },
        checks=(
            Check(text="at least 3 properties with a held-out AUC >= 0.90", passed=enough),
            Check(text="untrained cells <= 0.75 for these", passed=low_controls),
        ),
        pictures=(picture,),
    )


def _labelled_lanes(ids_of_codes: np.ndarray) -> tuple[Tensor, dict[str, np.ndarray]]:
    """Return lanes of held-out source code, and the properties of the scored positions.

    Args:
        ids_of_codes: Token id of each ASCII code, (128).
    """
    lanes, labels = [], {}
    length = 0
    for _, text in islice(library_files(), 1000):
        if length >= HELD_OUT_CHARACTERS:
            break
        length += len(text)
        properties = code_properties(text)
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        for start in range(0, len(text) - _LANE + 1, _LANE):
            lanes.append(ids_of_codes[codes[start : start + _LANE]])
            for name, marks in properties.items():
                part = marks[start : start + _LANE][_WARM_UP::_STRIDE]
                labels.setdefault(name, []).append(part)
    return torch.from_numpy(np.stack(lanes).astype(np.int64)), {
        name: np.stack(parts) for name, parts in labels.items()
    }


def _untrained_like(model: NeuralLanguageModel) -> NeuralLanguageModel:
    """Return a network of the same size with random weights."""
    cell = model.core.layers[-1]
    config = RecurrentConfig(
        hidden_size=cell.hidden_size, embedding_size=cell.input_size, tied=False
    )
    return build_model(config, vocab_size=model.vocab_size, dtype=torch.float32)


CLAIM = Claim(
    id="C17",
    name="cells",
    statement="Single cells of an LSTM that was trained on program text follow the position in the "
    "line, quotes, comments, the bodies of if statements and the depth of expressions.",
    sources=(
        Source(
            lecture="lecture-004",
            place="Text generation with RNNs - Trends captured by LSTM cells",
        ),
    ),
    method="A byte LSTM reads 400,000 characters of source code that it was not trained on. For "
    "each property the cell with the best AUC on one half is chosen and scored on the other half. "
    "The control is the same network with random weights.",
    expected="All five are reported; at least three have a held-out AUC of 0.90 or more, and "
    "untrained cells at most 0.75.",
    measure=measure,
)
