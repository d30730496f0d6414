"""Description of a task's model, such as a tagger, for `nextword info`."""

import re
from typing import TYPE_CHECKING, Any

from nextword.cli.info_files import file_rows, list_files
from nextword.cli.output import aligned

if TYPE_CHECKING:
    from nextword.tasks.loading import TaskModel

_SCORES = re.compile(
    r"(?:^On the ([a-z]+) data:\n\n)?^```text\n(.*?)^```", re.MULTILINE | re.DOTALL
)
_NUM_LABELS_SHOWN = 20


def describe_task(model: "TaskModel", *, name: str) -> dict[str, Any]:
    """Return a description of a task's model as JSON values.

    Args:
        model: The model.
        name: Name of the model as the user gave it.
    """
    assert model.path is not None  # it has been loaded from there
    files = list_files(model.path)
    return {
        "model": name,
        "path": str(model.path),
        "task": model.task,
        "num_parameters": model.num_parameters,
        # Not every task has labels.
        "labels": list(getattr(model, "labels", ())),
        "scores": [scores for _, scores in _SCORES.findall(model.card)],
        "scored_data": [data or None for data, _ in _SCORES.findall(model.card)],
        "num_bytes": sum(file["num_bytes"] for file in files),
        "files": files,
        "settings": model.config,
    }


def render_task(found: dict[str, Any]) -> str:
    """Return a description from `describe_task` as text.

    Args:
        found: The description.
    """
    from nextword.base import write_toml

    rows = [
        ("model", found["model"]),
        ("task", found["task"]),
        ("parameters", f"{found['num_parameters']:,}"),
    ]
    if found["labels"]:
        rows.append(("labels", _label_text(found["labels"])))
    rows += file_rows(found)
    blocks = (
        f"scores on the {data} data\n{scores.rstrip()}" if data else f"scores\n{scores.rstrip()}"
        for data, scores in zip(found["scored_data"], found["scores"], strict=True)
    )
    parts = [aligned(rows), *blocks]
    return "\n\n".join([*parts, write_toml(found["settings"]).strip()])


def _label_text(labels: list[str]) -> str:
    shown = ", ".join(labels[:_NUM_LABELS_SHOWN])
    more = len(labels) - _NUM_LABELS_SHOWN
    return f"{len(labels):,}: {shown}" + (f" and {more:,} others" if more > 0 else "")
