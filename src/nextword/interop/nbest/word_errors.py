"""Word errors of hypotheses, the oracle, and whether a difference is significant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from nextword.base import DataError
from nextword.interop.nbest.lists import NbestLists
from nextword.tasks.metrics import BootstrapInterval, ItemCounts, Metric, bootstrap_difference
from nextword.tasks.transduction import edit_distance


@dataclass(frozen=True, kw_only=True)
class WordErrors:
    """The number of word errors of every hypothesis.

    Attributes:
        by_hypothesis: Errors of the hypotheses of each utterance.
        num_words: Number of words of each reference.
    """

    by_hypothesis: list[Int64[np.ndarray, " _hypotheses"]]
    num_words: Int64[np.ndarray, " utterances"]

    @classmethod
    def of(cls, lists: NbestLists, references: Mapping[str, str] | None) -> "WordErrors":
        """Count the errors.

        Args:
            lists: The hypotheses.
            references: Reference of each utterance; those of the lists when None.

        Raises:
            DataError: An utterance has no reference, a reference has no hypotheses, or the
                references have no words.
        """
        found = _references(lists, references)
        errors = [
            np.array(
                [edit_distance(words, each.text.split()) for each in utterance.hypotheses],
                dtype=np.int64,
            )
            for utterance, words in zip(lists.utterances, found, strict=True)
        ]
        return cls(by_hypothesis=errors, num_words=np.array([len(words) for words in found]))

    def rate(self, chosen: Sequence[int]) -> float:
        """Return the word error rate of a choice.

        Args:
            chosen: Index of the chosen hypothesis of each utterance.
        """
        return float(self._chosen(chosen).sum() / self.num_words.sum())

    def oracle(self) -> list[int]:
        """Return the hypothesis of each utterance with the fewest errors."""
        return [int(errors.argmin()) for errors in self.by_hypothesis]

    def difference(self, before: Sequence[int], after: Sequence[int]) -> BootstrapInterval:
        """Return by how much the word error rate falls, with its paired bootstrap interval.

        Args:
            before: Index of the chosen hypothesis of each utterance.
            after: The same of the other system.

        Source: [koehn2004].
        """
        return bootstrap_difference(
            self._metric(before), self._metric(after), num_items=len(self.num_words)
        )

    def _chosen(self, chosen: Sequence[int]) -> Int64[np.ndarray, " utterances"]:
        return np.array(
            [errors[index] for errors, index in zip(self.by_hypothesis, chosen, strict=True)]
        )

    def _metric(self, chosen: Sequence[int]) -> Metric:
        errors = self._chosen(chosen)

        def metric(counts: ItemCounts) -> float:
            return float(counts @ errors / max(1, int(counts @ self.num_words)))

        return metric


def _references(lists: NbestLists, references: Mapping[str, str] | None) -> list[list[str]]:
    names = [utterance.name for utterance in lists.utterances]
    own = {each.name: each.reference for each in lists.utterances if each.reference is not None}
    known = own if references is None else references
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f"{len(missing):,} of {len(names):,} utterances of {lists.source} have no reference, "
            f"such as {missing[0]}.",
            help="Add their references.",
        )
    extra = sorted(set(known) - set(names))
    if extra:
        raise DataError(
            f"{len(extra):,} of {len(known):,} references have no hypotheses in {lists.source}, "
            f"such as {extra[0]}; without them the error rate would be too low.",
            help="Remove them from the references, or add empty hypotheses.",
        )
    found = [known[name].split() for name in names]
    if not any(found):
        raise DataError("the references have no words.", help="Name another file.")
    return found
