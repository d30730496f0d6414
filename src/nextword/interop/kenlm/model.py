"""`Model`: the interface of `kenlm.Model`, and what its users ask for beyond it."""

import copy
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from nextword.base import ConfigError, require_count, require_range
from nextword.interop.kenlm.config import Config
from nextword.interop.kenlm.loading import LoadedScorer, load_scorer, scorer_of, token_model
from nextword.interop.kenlm.ngram_scorer import NgramScorer
from nextword.interop.kenlm.scorer import END, Scorer, WordScore, as_text, words_of
from nextword.interop.kenlm.state import Context, FullScoreReturn, State

if TYPE_CHECKING:
    from nextword.models import LanguageModel as TokenModel
    from nextword.tokens import Tokenizer


class Model:
    """A language model that scores sentences of words, with the interface of `kenlm.Model`.

    Scores are log10 probabilities. A sentence is split at ASCII white space, as KenLM does; str and
    bytes are accepted. Words that are several tokens, such as those of a model of characters, get
    the sum of their tokens; each word but the first includes the blank before it.

    Args:
        path: ARPA file, compressed or not, run folder, model folder, or `hf:NAME`.
        config: Settings of loading; the default when None.

    Attributes:
        path: The absolute path, bytes as in KenLM; `hf:NAME` unchanged.

    Raises:
        ModelFileError: There is no such model, it is damaged, or it is a binary file of KenLM. It
            is also an OSError.
        ConfigError: The model reads lines backward.
    """

    def __init__(self, path: str | bytes | os.PathLike[str], config: Config | None = None) -> None:
        given = as_text(os.fspath(path))
        self.path = _absolute(given)
        self._config = Config() if config is None else copy.copy(config)
        self._loaded: LoadedScorer = load_scorer(given, config=self._config)

    @classmethod
    def of(cls, model: "TokenModel", *, tokenizer: "Tokenizer", path: str | Path = "") -> "Model":
        """Return the interface to a model that is in memory.

        Args:
            model: The model on token ids, such as `nw.load(...).language_model`.
            tokenizer: Its tokenizer.
            path: Value of `path`; a pickled `Model` is loaded from it.

        Raises:
            ConfigError: The model reads lines backward.
        """
        made = cls.__new__(cls)
        made.path = _absolute(str(path)) if str(path) else b""
        made._config = Config()
        made._loaded = scorer_of(model, tokenizer)
        return made

    def __repr__(self) -> str:
        name = Path(os.fsdecode(self.path)).name or "memory"
        return f"<{type(self).__name__} from {name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.path:
            raise TypeError("a Model without a path cannot be pickled; save the model first.")
        return type(self), (self.path, self._config)

    def __contains__(self, word: str | bytes) -> bool:
        """Return whether a word is in the vocabulary; `<unk>` is not."""
        return self._scorer.knows(as_text(word))

    @property
    def order(self) -> int:
        """Number of words in the longest n-grams.

        `UNBOUNDED_ORDER` for a recurrent model and for words of several tokens: their predictions
        depend on all words before.
        """
        return self._scorer.order

    def score(self, sentence: str | bytes, bos: bool = True, eos: bool = True) -> float:
        """Return the log10 probability of a sentence.

        Args:
            sentence: Words between ASCII white space.
            bos: Whether to start at the start of a sentence; a network always does.
            eos: Whether to include the end of the sentence.
        """
        if isinstance(self._scorer, NgramScorer):
            score = self._scorer.sentence_score(sentence, bos=bool(bos), eos=bool(eos))
            if score is not None:
                return score
        return float(sum(word.log_prob for word in self._read(sentence, bos=bos, eos=eos)))

    def full_scores(
        self, sentence: str | bytes, bos: bool = True, eos: bool = True
    ) -> Iterator[tuple[float, int, bool]]:
        """Iterate over (log10 probability, n-gram length, out of vocabulary) of each word.

        Args:
            sentence: Words between ASCII white space.
            bos: Whether to start at the start of a sentence; a network always does.
            eos: Whether to include the end of the sentence.

        The n-gram length is the number of words that the probability depends on, the word itself
        and `<s>` included: all words so far for a recurrent model, at most the order for others.
        """
        for word in self._read(sentence, bos=bos, eos=eos):
            yield word.log_prob, word.length, word.is_unknown

    def perplexity(self, sentence: str | bytes) -> float:
        """Return the perplexity per word of a sentence, its end included."""
        return float(10.0 ** (-self.score(sentence) / (len(words_of(sentence)) + 1)))

    def document_perplexity(self, text: str | bytes) -> float:
        r"""Return the perplexity per word of a document, as CCNet and datatrove compute it.

        Each line is a sentence of its own, and its end counts as a word; so do empty lines.

        Args:
            text: The document. Normalize and tokenize it as the text of the model was.
        """
        lines = as_text(text).split("\n")
        log10 = sum(self.score(line) for line in lines)
        # CCNet splits lines as Python does, but KenLM at ASCII white space.
        length = sum(len(line.split()) + 1 for line in lines)
        return float(10.0 ** (-log10 / length))

    def BeginSentenceWrite(self, state: State) -> None:
        """Set a state to the start of a sentence."""
        state.write(self._scorer.begin(), owner=self._scorer)

    def NullContextWrite(self, state: State) -> None:
        """Set a state to no context; for a network this is the start of a sentence."""
        state.write(self._scorer.empty(), owner=self._scorer)

    def BaseScore(self, in_state: State, word: str, out_state: State) -> float:
        """Return the log10 probability of a word, and write the state after it.

        A state of another model is refused with a ConfigError.

        Args:
            in_state: The state before the word; not changed.
            word: The word; `</s>` is the end of the sentence.
            out_state: Set to the state after the word. It may be `in_state`.
        """
        return self.BaseFullScore(in_state, word, out_state).log_prob

    def BaseFullScore(self, in_state: State, word: str, out_state: State) -> FullScoreReturn:
        """Return the score of a word, and write the state after it; see `BaseScore`."""
        score = self._scorer.read(self._context(in_state), as_text(word))
        out_state.write(score.context, owner=self._scorer)
        return FullScoreReturn(
            log_prob=score.log_prob, ngram_length=score.length, oov=score.is_unknown
        )

    def read_each(
        self, states: Sequence[State], words: Sequence[str]
    ) -> list[tuple[FullScoreReturn, State]]:
        """Return the score of one word after each state, and the state after it.

        A network reads all words as one batch: the hypotheses of a beam search take one step.

        Args:
            states: The states before the words; not changed.
            words: One word for each state; `</s>` is the end of the sentence.

        Raises:
            ConfigError: The numbers of states and words differ, or a state is of another model.
        """
        if len(states) != len(words):
            raise ConfigError(
                f"there are {len(states)} states and {len(words)} words.",
                help="Pass one word for each state.",
            )
        if not states:
            return []
        contexts = [self._context(state) for state in states]
        found = []
        for score in self._scorer.read_each(contexts, [as_text(word) for word in words]):
            after = State()
            after.write(score.context, owner=self._scorer)
            result = FullScoreReturn(
                log_prob=score.log_prob, ngram_length=score.length, oov=score.is_unknown
            )
            found.append((result, after))
        return found

    @property
    def look_ahead(self) -> int:
        """Number of states, at most, that a network reads as one batch with the one asked for.

        They are the last ones that were written. A decoder that scores one word at a time soon
        asks for many of them. 0, the default, reads each state alone.
        """
        return self._scorer.look_ahead

    @look_ahead.setter
    def look_ahead(self, number: int) -> None:
        require_range("look_ahead", number, low=0)
        self._scorer.look_ahead = number

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The text of each entry of the vocabulary: words, or the tokens of other models."""
        return tuple(self._scorer.entries)

    @property
    def has_words(self) -> bool:
        """Whether the entries of the vocabulary are words."""
        return self._loaded.has_words

    def next_scores(self, state: State | None = None) -> Float64[np.ndarray, " vocab"]:
        """Return the log10 probability of every entry of the vocabulary, (vocab).

        Args:
            state: The words before; the start of a sentence when None.

        Returns:
            Scores in the order of `vocabulary`; -inf for entries that are never predicted.
        """
        context = self._scorer.begin() if state is None else self._context(state)
        return self._scorer.next_scores(context)

    def top(self, state: State | None = None, k: int = 10) -> list[tuple[str, float]]:
        """Return the most probable next entries of the vocabulary, with log10 probabilities.

        Args:
            state: The words before; the start of a sentence when None.
            k: Number of entries.

        Returns:
            Pairs (entry, log10 probability), most probable first.

        Raises:
            ConfigError: k is below 1.
        """
        require_count("k", k, low=1)
        scores = self.next_scores(state)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(self._scorer.entries[number], float(scores[number])) for number in best]

    def generate(
        self, prompt: str = "", *, max_words: int = 100, temperature: float = 1.0, seed: int = 0
    ) -> str:
        """Return text that continues a prompt; imports torch.

        Args:
            prompt: Text to continue.
            max_words: Maximum number of tokens to generate; words for most models.
            temperature: Divides the log-probabilities; 0 always takes the most probable token.
            seed: Random seed.

        Returns:
            The generated text without the prompt, up to the end of the sentence.
        """
        from nextword.generation import SamplingConfig, generate_text

        model, tokenizer = token_model(self._loaded)
        pieces = generate_text(
            model,
            tokenizer,
            prompt=prompt,
            max_tokens=max_words,
            stop=("\n",),
            config=SamplingConfig(temperature=temperature),
            seed=seed,
        )
        return "".join(piece.text for piece in pieces)

    @property
    def _scorer(self) -> Scorer:
        return self._loaded.scorer

    def _context(self, state: State) -> Context:
        if state.context is None:
            return self._scorer.empty()
        if state.owner is not self._scorer:
            raise ConfigError(
                "the state was written by another model.",
                help="Begin a state of this model with BeginSentenceWrite.",
            )
        return state.context

    def _read(self, sentence: str | bytes, *, bos: bool, eos: bool) -> Iterator[WordScore]:
        words = words_of(sentence)
        begin = self._scorer.begin() if bos else self._scorer.empty()
        return self._scorer.read_all(begin, [*words, END] if eos else words)


class LanguageModel(Model):
    """The old name of `Model`, kept as in the module `kenlm`."""


def _absolute(path: str) -> bytes:
    # As in KenLM, links are not resolved.
    is_name = path.startswith("hf:")
    return os.fsencode(path if is_name else os.path.abspath(path))  # noqa: PTH100
