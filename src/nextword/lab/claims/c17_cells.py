"""C17: single cells of an LSTM follow the position in the line, quotes, comments, `if` bodies."""

import numpy as np
import torch
from torch import Tensor

from nextword.families import RecurrentConfig
from nextword.lab.contract import Check, Claim, Finding, Source, Verdict
from nextword.lab.material import byte_lstm, code_properties, source_modules
from nextword.lab.tools import best_unit, build_model, cell_states, draw_bars, first_cell
from nextword.lab.workbench import Workbench
from nextword.models import NeuralLanguageModel
from nextword.tokens import Tokenizer

#: Marks of positions by property, (lanes, positions) each.
Properties = dict[str, np.ndarray]

_CHARACTERS, _LANE, _WARM_UP = 300_000, 2_500, 250
#: Every fifth position is scored: neighbours are nearly equal.
_STRIDE = 5
_WANTED, _LIMIT, _UNTRAINED_LIMIT = 3, 0.90, 0.75


def measure(bench: Workbench) -> Finding:
    """Search the cells of the byte LSTM, and of the same network before training."""
    model = byte_lstm(bench)
    trained = model.language_model
    assert isinstance(trained, NeuralLanguageModel)
    lanes, labels = _labelled_lanes(model.tokenizer, trained.boundary_id)
    untrained = _untrained_like(trained)
    scores, controls = dict[str, float](), dict[str, float]()
    units: dict[str, int] = {}
    for name, network, found in (("trained", trained, scores), ("untrained", untrained, controls)):
        bench.on_progress(f"reading with the {name} network", 0, 1)
        states = cell_states(network, lanes)[:, 1 + _WARM_UP :: _STRIDE]
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
        f"Best cells of the untrained network reach at most {max(controls.values()):.2f}. The "
        "network has read 4.5 million characters once; a longer training was not tried.",
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


def _labelled_lanes(tokenizer: Tokenizer, boundary_id: int) -> tuple[Tensor, Properties]:
    """Return lanes of held-out source code, and the properties of the scored positions.

    Each lane is the boundary and the next 2,500 characters of a module.
    """
    lanes, labels = [], dict[str, list[np.ndarray]]()
    for _, text in source_modules(num_characters=_CHARACTERS):
        ids = np.asarray(tokenizer.encode(text).ids)
        properties = code_properties(text)
        for start in range(0, len(text) - _LANE + 1, _LANE):
            lanes.append(np.concatenate([[boundary_id], ids[start : start + _LANE]]))
            for name, marks in properties.items():
                part = marks[start : start + _LANE][_WARM_UP::_STRIDE]
                labels.setdefault(name, []).append(part)
    stacked = {name: np.stack(parts) for name, parts in labels.items()}
    return torch.from_numpy(np.stack(lanes).astype(np.int64)), stacked


def _untrained_like(model: NeuralLanguageModel) -> NeuralLanguageModel:
    """Return a network of the same size with random weights."""
    cell = first_cell(model)
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
    method="A byte LSTM reads 300,000 characters of source code that it was not trained on. For "
    "each property the cell with the best AUC on one half is chosen and scored on the other half. "
    "The control is the same network with random weights.",
    expected="All five are reported; at least three have a held-out AUC of 0.90 or more, and "
    "untrained cells at most 0.75.",
    measure=measure,
)
