"""The files that show the memory of models."""

from pathlib import Path

from nextword.base import created_folder
from nextword.inspection.memory.comparison import MemoryResult, ModelMemory
from nextword.inspection.memory.recall import RecallGroup
from nextword.inspection.report import Section, write_inspection
from nextword.pages import html_table, inline_picture, paragraph

NAME = "memory"


def table_header(result: MemoryResult) -> tuple[str, ...]:
    """Return the names of the columns of the table.

    Args:
        result: The measurements.
    """
    unit = "bits/byte" if result.per_byte else "perplexity"
    longest = result.models[0].context.lengths[-1]
    return (
        "model",
        "family",
        "half-life",
        "reach",
        f"{unit}, 1 token",
        "10 tokens",
        f"{longest} tokens",
        "context for 0.01 nats",
        *(("recall",) if _has_recall(result) else ()),
    )


def table_rows(result: MemoryResult) -> list[tuple[str, ...]]:
    """Return a row of text for each model, for `table_header`.

    Args:
        result: The measurements.
    """
    return [_row(each, result) for each in result.models]


def _row(each: ModelMemory, result: MemoryResult) -> tuple[str, ...]:
    curve, influence = each.context, each.influence
    values = curve.bits_per_byte if result.per_byte else curve.perplexities
    by_length = dict(zip(curve.lengths, values, strict=True))
    longest = influence.distances[-1]
    half_life = f"over {longest}" if influence.half_life is None else f"{influence.half_life:.1f}"
    recall = () if each.recall is None else (f"{each.recall.accuracy:.1%}",)
    return (
        each.model,
        each.family,
        half_life,
        f"over {longest}" if influence.reach is None else str(influence.reach),
        f"{values[0]:.4g}",
        f"{by_length[10]:.4g}" if 10 in by_length else "-",
        f"{values[-1]:.4g}",
        str(curve.enough),
        *recall,
    )


def notes(result: MemoryResult) -> list[str]:
    """Return what the columns of the table mean.

    Args:
        result: The measurements.
    """
    first = result.models[0]
    found = [
        "'half-life' is the distance, in tokens, at which a changed token has half the effect of "
        "the last one on the prediction (Kullback-Leibler divergence); from 'reach' on, it has "
        f"less than a hundredth. Means of {first.influence.num_positions} positions. The other "
        f"columns are the loss of {first.context.num_targets} targets when the model sees only the "
        "last tokens, and the shortest context within 0.01 nats of the longest.",
    ]
    if result.per_byte:
        found.append(
            "The vocabularies differ: targets are the tokens that contain the same random bytes, "
            "and losses are compared per byte."
        )
    for each in result.models:
        if each.recall is not None and each.recall.num_unknown:
            found.append(
                f"{each.recall.num_unknown} of {len(each.recall.scores)} recall items have a word "
                f"that is not in the vocabulary of {each.model}; they count as wrong."
            )
    return found


def write_memory(folder: Path, result: MemoryResult) -> Path:
    """Write `memory.json`, pictures, and the section of `report.html`.

    Args:
        folder: The folder; created if it does not exist.
        result: The measurements.

    Returns:
        The path of the report.
    """
    from nextword.inspection.memory import drawing

    with created_folder(folder):
        influence = drawing.draw_influence(result, folder / "memory-influence.png")
    rows = table_rows(result)
    described = "; ".join(f"{row[0]}: half-life {row[2]}, reach {row[3]}" for row in rows)
    parts = [
        paragraph(f"Measured on {result.text}."),
        html_table(table_header(result), rows),
        *(paragraph(note) for note in notes(result)),
        inline_picture(
            influence,
            alt=f"Effect of a changed token by distance. {described}",
            caption="How much the prediction changes if the token at a distance is replaced by a "
            "random one. Bands: one standard error.",
        ),
        inline_picture(
            drawing.draw_contexts(result, folder / "memory-context.png"),
            alt=f"Loss by the length of the context. {described}",
            caption="The loss of the same targets when the model sees only the last tokens. Bands: "
            "one standard error, mostly shared by the models.",
        ),
    ]
    if any(each.completion is not None for each in result.models):
        picture = drawing.draw_completion(result, folder / "memory-completion.png")
        parts.append(
            inline_picture(
                picture,
                alt="Accuracy of completing a word by the number of characters typed",
                caption="Words that the most probable characters complete exactly, among those "
                "longer than what is typed. Bars: one standard error.",
            )
        )
    if _has_recall(result):
        parts += _recall_parts(folder, result)
    section = Section(name=NAME, title="Memory", parts=parts)
    return write_inspection(folder, section, values=result.to_dict())


def _recall_parts(folder: Path, result: MemoryResult) -> list[str]:
    from nextword.inspection.memory.drawing import draw_recall

    rows = [
        (
            each.model,
            _distance(group),
            str(group.num_items),
            f"{group.accuracy:.1%}",
            f"{group.mean_reciprocal_rank:.3f}",
        )
        for each in result.models
        if each.recall is not None
        for group in each.recall.groups
    ]
    picture = draw_recall(result, folder / "memory-recall.png")
    return [
        inline_picture(picture, alt="Recall by the distance of the word"),
        html_table(("model", "distance", "items", "accuracy", "mean reciprocal rank"), rows),
    ]


def _distance(group: RecallGroup) -> str:
    if group.first is None:
        return "not in the context"
    return str(group.first) if group.first == group.last else f"{group.first} to {group.last}"


def _has_recall(result: MemoryResult) -> bool:
    return any(each.recall is not None for each in result.models)
