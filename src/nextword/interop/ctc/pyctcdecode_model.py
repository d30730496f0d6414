"""A language model for the decoder of pyctcdecode."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nextword.base import ConfigError, MissingExtraError
from nextword.interop.ctc.word_model import DEFAULT_LOOK_AHEAD, KnownWords, ModelSource, word_model
from nextword.interop.kenlm import State
from nextword.interop.kenlm.scorer import END, LN_10

try:
    from pyctcdecode.language_model import AbstractLanguageModel as _Base
except ImportError:
    _Base = object

#: Number of letters from which pyctcdecode penalizes unknown words more.
_LONG_WORD = 6
_FILE = "nextword.json"
_PARAMETERS = ("alpha", "beta", "unk_score_offset", "score_boundary")


class PyctcdecodeModel(_Base):
    """Any nextword model as the language model of `pyctcdecode.BeamSearchDecoderCTC`.

    Each hypothesis of the decoder carries a state: the last words for an n-gram model, the hidden
    state for a recurrent one. The score of a word is alpha times its log-probability in nats, plus
    beta. Names and defaults of the arguments are those of pyctcdecode.

    Args:
        model: A path that `nextword.kenlm.Model` takes, such a model, or what `nw.load` returns.
        unigrams: The words that are known to the decoder. When None, those of the vocabulary; a
            model of characters, bytes or byte pairs knows every word.
        alpha: Weight of the language model.
        beta: Score of each word, against short results.
        unk_score_offset: Added to the log10 probability of an unknown word.
        score_boundary: Whether the start and the end of a sentence are scored.
        look_ahead: Number of hypotheses, at most, that a network of words reads as one batch with
            the one that the decoder asks for; 0 reads each alone. Scores change by rounding only.

    Raises:
        MissingExtraError: pyctcdecode is not installed.
    """

    def __init__(
        self,
        model: ModelSource,
        unigrams: Collection[str] | None = None,
        *,
        alpha: float = 0.5,
        beta: float = 1.5,
        unk_score_offset: float = -10.0,
        score_boundary: bool = True,
        look_ahead: int = DEFAULT_LOOK_AHEAD,
    ) -> None:
        if _Base is object:
            raise MissingExtraError(
                "the class PyctcdecodeModel needs pyctcdecode, which is not installed.",
                help="pip install pyctcdecode, in an environment with numpy below 2.",
            )
        self.model = word_model(model)
        self.model.look_ahead = look_ahead
        self._unigrams = None if unigrams is None else sorted(unigrams)
        self._known = KnownWords(self.model, self._unigrams)
        self.alpha = alpha
        self.beta = beta
        self.unk_score_offset = unk_score_offset
        self.score_boundary = score_boundary

    @property
    def order(self) -> int:
        """Number of words in the longest n-grams; the decoder merges hypotheses by it."""
        return self.model.order

    def get_start_state(self) -> State:
        """Return the state before the first word."""
        state = State()
        if self.score_boundary:
            self.model.BeginSentenceWrite(state)
        else:
            self.model.NullContextWrite(state)
        return state

    def score_partial_token(self, partial_token: str) -> float:
        """Return the score of the beginning of a word: 0 if a known word begins with it."""
        if self._known.begin_with(partial_token):
            return 0.0
        return self.unk_score_offset * max(1.0, len(partial_token) / _LONG_WORD)

    def score(
        self, prev_state: State, word: str, is_last_word: bool = False
    ) -> tuple[float, State]:
        """Return the score of a word, and the state after it.

        Args:
            prev_state: The state before the word.
            word: The word.
            is_last_word: Whether the sentence ends after it. The state is that before the end.
        """
        after = State()
        log10 = self.model.BaseScore(prev_state, word, after)
        if word not in self._known:
            log10 += self.unk_score_offset
        if is_last_word and self.score_boundary:
            log10 += self.model.BaseScore(after, END, State())
        return self.alpha * log10 * LN_10 + self.beta, after

    def reset_params(self, **params: Any) -> None:
        """Set alpha, beta, unk_score_offset or score_boundary; None leaves a value unchanged.

        Raises:
            ConfigError: There is no such parameter.
        """
        for name, value in params.items():
            if name not in _PARAMETERS:
                raise ConfigError(
                    f"the language model has no parameter {name!r}.",
                    help=f"It has {', '.join(_PARAMETERS)}.",
                )
            if value is not None:
                setattr(self, name, value)

    def save_to_dir(self, filepath: str) -> None:
        """Write the path of the model and the parameters to a folder; the model is not copied.

        Args:
            filepath: A folder that exists.

        Raises:
            ConfigError: The model is in memory only.
        """
        if not self.model.path:
            raise ConfigError("the model has no path.", help="Save it, and load it from its path.")
        values = {name: getattr(self, name) for name in _PARAMETERS}
        values |= {"model": os.fsdecode(self.model.path), "unigrams": self._unigrams}
        (Path(filepath) / _FILE).write_text(json.dumps(values), encoding="utf-8")

    @classmethod
    def load_from_dir(cls, filepath: str) -> "PyctcdecodeModel":
        """Load what `save_to_dir` wrote.

        Args:
            filepath: The folder.
        """
        values = json.loads((Path(filepath) / _FILE).read_text(encoding="utf-8"))
        return cls(values.pop("model"), values.pop("unigrams"), **values)
