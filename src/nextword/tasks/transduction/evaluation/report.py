"""The folder of an evaluation: scores, predictions and pictures of attention."""

from collections.abc import Iterable
from pathlib import Path

from nextword.base import Values, atomic_writer, created_folder, write_json
from nextword.tasks.texts import one_field
from nextword.tasks.transduction.evaluation.picture import draw_alignment
from nextword.tasks.transduction.evaluation.scores import ScoredPair
from nextword.tasks.transduction.transducer import Transducer

PREDICTIONS_FILE = "predictions.tsv"
_NUM_PICTURES = 5


def write_predictions(folder: Path, scored: Iterable[ScoredPair]) -> Iterable[ScoredPair]:
    """Write pairs with their predicted targets to `predictions.tsv`, and pass them on.

    The columns are the number of symbol edits, the source, the target, and the references.

    Args:
        folder: The folder; created if it does not exist.
        scored: The pairs.
    """
    with created_folder(folder), atomic_writer(folder / PREDICTIONS_FILE) as file:
        for each in scored:
            fields = (
                str(each.errors.num_edits),
                each.pair.source,
                each.found.text,
                *each.pair.references,
            )
            line = "\t".join(one_field(field) for field in fields)
            file.write(f"{line}\n".encode())
            yield each


def write_pictures(
    folder: Path, transducer: Transducer, *, sources: Iterable[str], limit: int = _NUM_PICTURES
) -> list[Path]:
    """Draw the attention of the first sources.

    Args:
        folder: The folder; created if it does not exist.
        transducer: The transducer.
        sources: The sources.
        limit: Number of pictures.

    Returns:
        The files; none for a transducer without attention.
    """
    if transducer.parts.decoder.attention == "none":
        return []
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, source in enumerate(sources, start=1):
        if number > limit:
            break
        paths.append(folder / f"attention-{number}.png")
        draw_attention(transducer, source, path=paths[-1])
    return paths


def draw_attention(transducer: Transducer, source: str, *, path: Path) -> None:
    """Draw the attention of the best target of a source.

    Args:
        transducer: A transducer with attention.
        source: The source.
        path: The PNG file.
    """
    ((found, *_),) = transducer.transduce_texts([source], with_alignment=True)
    assert found.alignment is not None  # it was asked for
    parts = transducer.parts
    columns = parts.source.labels(parts.source.encode(source))
    rows = parts.target.labels(parts.target.encode(found.text)) if found.text else []
    draw_alignment(found.alignment, path, source=["<s>", *columns, "</s>"], target=[*rows, "</s>"])


def write_scores(folder: Path, values: Values) -> None:
    """Write the scores to `scores.json`."""
    with created_folder(folder):
        write_json(folder / "scores.json", values)
