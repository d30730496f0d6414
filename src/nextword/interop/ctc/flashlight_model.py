"""A language model for the CTC decoders of torchaudio and flashlight-text."""

from collections.abc import Sequence
from typing import Any

from nextword.base import ConfigError, MissingExtraError, require_several
from nextword.interop.ctc.word_model import DEFAULT_LOOK_AHEAD, ModelSource, word_model
from nextword.interop.kenlm import FullScoreReturn, State
from nextword.interop.kenlm.scorer import END

try:
    from torchaudio.models.decoder import CTCDecoderLM as _Base
    from torchaudio.models.decoder import CTCDecoderLMState as _BaseState
# A torchaudio that was built for another torch raises an OSError.
except (ImportError, OSError):
    try:
        from flashlight.lib.text.decoder import LM as _Base
        from flashlight.lib.text.decoder import LMState as _BaseState
    except ImportError:
        _Base, _BaseState = object, object


class FlashlightModel(_Base):
    """Any nextword model as a `CTCDecoderLM` of torchaudio, or an `LM` of flashlight-text.

    Each hypothesis of the decoder carries a state: the last words for an n-gram model, the hidden
    state for a recurrent one. Scores are log10 probabilities, as those of flashlight's KenLM, so
    `lm_weight` keeps its meaning.

    Args:
        model: A path that `nextword.kenlm.Model` takes, such a model, or what `nw.load` returns.
        words: The words by the index that the decoder gives them: the lines of `lm_dict`, or the
            words of the lexicon. Without a lexicon they are the tokens.
        unknown_score: Added to the log10 probability of a word that the model does not know.
        look_ahead: Number of hypotheses, at most, that a network of words reads as one batch with
            the one that the decoder asks for; 0 reads each alone. Scores change by rounding only.

    Raises:
        ConfigError: `words` is a single string.
        MissingExtraError: Neither torchaudio with flashlight-text nor flashlight-text is installed.
    """

    def __init__(
        self,
        model: ModelSource,
        words: Sequence[str],
        *,
        unknown_score: float = 0.0,
        look_ahead: int = DEFAULT_LOOK_AHEAD,
    ) -> None:
        if _Base is object:
            raise MissingExtraError(
                "the class FlashlightModel needs flashlight-text, which is not installed.",
                help="pip install flashlight-text, and torchaudio for its ctc_decoder.",
            )
        require_several("words", words)
        super().__init__()
        self._model = word_model(model)
        self._model.look_ahead = look_ahead
        self._words = list(words)
        self._unknown_score = unknown_score
        #: By the state of the decoder: the score of its last word, and the state of the model.
        self._reached: dict[Any, tuple[float, State]] = {}

    def start(self, start_with_nothing: bool) -> Any:
        """Forget the states of earlier sentences, and return the state before the first word.

        Args:
            start_with_nothing: Whether to start without context instead of at the start of a
                sentence; a network always starts there.
        """
        self._reached.clear()
        state, begin = State(), _BaseState()
        if start_with_nothing:
            self._model.NullContextWrite(state)
        else:
            self._model.BeginSentenceWrite(state)
        self._reached[begin] = (0.0, state)
        return begin

    def score(self, state: Any, usr_token_idx: int) -> tuple[Any, float]:
        """Return the state after a word, and the score of the word.

        Args:
            state: The state before the word.
            usr_token_idx: Index of the word.

        Raises:
            ConfigError: There is no word with this index.
        """
        return self._read(state, usr_token_idx, self._word(usr_token_idx))

    def score_all(
        self, states: Sequence[Any], usr_token_idxs: Sequence[int]
    ) -> list[tuple[Any, float]]:
        """Return what `score` returns for each pair; a network reads them as one batch.

        The decoders of flashlight and torchaudio call `score`; this is for decoders that score all
        hypotheses of a frame at once.

        Args:
            states: The states before the words.
            usr_token_idxs: Index of the word after each state.

        Raises:
            ConfigError: There is no word with one of the indices, or the numbers differ.
        """
        words = [self._word(number) for number in usr_token_idxs]
        scored = self._model.read_each([self._reached[state][1] for state in states], words)
        found = []
        for state, number, (score, after) in zip(states, usr_token_idxs, scored, strict=True):
            found.append((state.child(number), self._penalized(score)))
            self._reached.setdefault(found[-1][0], (found[-1][1], after))
        return found

    def finish(self, state: Any) -> tuple[Any, float]:
        """Return the state after the end of the sentence, and the score of the end."""
        return self._read(state, len(self._words), END)

    def _read(self, state: Any, number: int, word: str) -> tuple[Any, float]:
        after = state.child(number)
        if after not in self._reached:
            model_state = State()
            found = self._model.BaseFullScore(self._reached[state][1], word, model_state)
            self._reached[after] = (self._penalized(found), model_state)
        return after, self._reached[after][0]

    def _penalized(self, score: FullScoreReturn) -> float:
        return score.log_prob + (self._unknown_score if score.oov else 0.0)

    def _word(self, number: int) -> str:
        if not 0 <= number < len(self._words):
            raise ConfigError(
                f"the decoder asks for word {number}, but there are {len(self._words)} words.",
                help="Pass the words in the order of the decoder's dictionary.",
            )
        return self._words[number]
