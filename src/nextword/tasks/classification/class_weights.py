"""Weights of labels in the loss, for labels that are not equally frequent."""

from collections.abc import Mapping, Sequence

from nextword.base import ConfigError


def class_weights(
    setting: str | Sequence[float],
    counts: Mapping[str, int],
    *,
    labels: Sequence[str],
    num_texts: int,
    multi_label: bool,
) -> list[float] | None:
    """Return the weight of each label; None if all are 1.

    Args:
        setting: `none`, `balanced`, or the weights themselves.
        counts: Number of training texts with each label.
        labels: The labels, in the order of the weights.
        num_texts: Number of training texts.
        multi_label: Whether a text may have any number of labels. `balanced` is then the number of
            texts without the label divided by the number of those with it, and the weight applies
            to the texts with the label. Otherwise it is num_texts / (number of labels x count).

    Raises:
        ConfigError: The list has another number of weights than there are labels.

    Example:
        >>> class_weights(
        ...     "balanced", {"a": 3, "b": 1}, labels="ab", num_texts=4, multi_label=False
        ... )
        [0.6666666666666666, 2.0]
    """
    if setting == "none":
        return None
    if setting == "balanced":
        # A model to start from may have labels that these texts lack.
        counts = {label: max(1, counts.get(label, 0)) for label in labels}
        if multi_label:
            return [(num_texts - counts[each]) / counts[each] or 1.0 for each in labels]
        return [num_texts / (len(labels) * counts[each]) for each in labels]
    weights = [float(value) for value in setting]
    if len(weights) != len(labels):
        raise ConfigError(
            f"classification.class_weights has {len(weights)} numbers, but there are {len(labels)} "
            f"labels: {', '.join(labels[:20])}.",
            help="Write one number for each label, in this order.",
        )
    return weights
