"""N-best lists: the hypotheses of utterances with the scores of a recognizer. Knows no files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Hypothesis:
    """One possible text of an utterance.

    Attributes:
        text: The text.
        scores: Scores of the recognizer, higher is better; as many for every hypothesis.
        record: Other values of its line, which are written back.
    """

    text: str
    scores: tuple[float, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """The hypotheses of one utterance.

    Attributes:
        name: Its name.
        hypotheses: The hypotheses in the order of the file, at least one.
        reference: What was said, if the file has it.
    """

    name: str
    hypotheses: tuple[Hypothesis, ...]
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class NbestLists:
    """The utterances of a file or folder.

    Attributes:
        utterances: The utterances, at least one.
        format: `kaldi`, `espnet`, `icefall`, `plain` or `jsonl`.
        source: Where they come from.
        score_names: Names of the scores of each hypothesis.
    """

    utterances: tuple[Utterance, ...]
    format: str
    source: str
    score_names: tuple[str, ...] = ()

    @property
    def num_hypotheses(self) -> int:
        """Number of hypotheses of all utterances."""
        return sum(len(utterance.hypotheses) for utterance in self.utterances)
