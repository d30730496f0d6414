"""Train the small model folders that every later version must load, with what they predict.

python tests/golden/make_model_folders.py FOLDER

The folders of a released format are never made anew: this says how they were made, and makes those
of a new format. The text is made of a few words by chance.
"""

import contextlib
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

import torch

GOLDEN = Path(__file__).parent / "models"
#: Read by each model; `plum` is no word of the training text.
READ = "the grey cat sees a boat .\na plum sleeps under the old bridge .\n"

_SUBJECTS = ("the grey cat", "the old dog", "a small bird", "the tall girl", "a quiet boy")
_VERBS = ("sees", "follows", "likes", "finds")
_OBJECTS = ("a boat", "the red house", "an apple", "the old bridge", "a long road")
_REST = ("near the river .", "in the morning .", "again .", "and sleeps .")
_RECIPES = {
    "ngram": ("ngram-5", {"model": {"order": 3}}),
    "lstm": (
        "lstm-small",
        {
            "model": {"embedding_size": 12, "hidden_size": 12, "num_layers": 1},
            "training": {"epochs": 3, "batch_size": 4, "bptt_steps": 10},
        },
    ),
    "transformer": (
        "adaptive-transformer",
        {
            "model": {
                "embedding_size": 16,
                "hidden_size": 16,
                "num_layers": 2,
                "num_heads": 2,
                "context_size": 8,
                "feedforward_size": 16,
            },
            "output": {"cutoffs": [10]},
            "training": {"epochs": 3, "batch_size": 4, "bptt_steps": 10},
        },
    ),
}


def training_text(num_lines: int = 200) -> str:
    """Give sentences of a few words, the same ones each time."""
    chance = random.Random(1)
    parts = (_SUBJECTS, _VERBS, _OBJECTS, _REST)
    return "".join(f"{' '.join(map(chance.choice, parts))}\n" for _ in range(num_lines))


def token_log_probs(folder: Path) -> list[float]:
    """Give the log-probability of each token of `READ` under a model, nats."""
    import nextword as nw

    model = nw.load(folder)
    ids = torch.from_numpy(model.tokenizer.encode(READ).ids.astype("int64"))
    read = torch.cat([torch.tensor([model.language_model.boundary_id]), ids[:-1]])
    state = model.language_model.initial_state(1)
    with torch.no_grad():
        nll, _ = model.language_model.nll(read[None], ids[None], state)
    return [-float(each) for each in nll[0]]


def make(out: Path) -> None:
    """Train each model and keep its folder beside what it predicts."""
    import nextword as nw

    out = out.resolve()
    # From within the folder, so that the cards name no path of this machine.
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("text.txt").write_text(training_text(), encoding="utf-8")
        for kind, (recipe, settings) in _RECIPES.items():
            run = nw.train("text.txt", out=kind, recipe=recipe, settings=settings)
            shutil.copytree(run.model, out / kind, dirs_exist_ok=True)
            expected = {"read": READ, "log_probs": token_log_probs(out / kind)}
            (out / f"{kind}.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
