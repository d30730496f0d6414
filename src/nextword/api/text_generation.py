"""What a language model with its tokenizer predicts: next words, completions and texts."""

from collections.abc import Iterator, Sequence

from nextword.base import require_several, require_text
from nextword.generation import (
    CacheConfig,
    Sample,
    SamplingConfig,
    TextPiece,
    TypingSession,
    complete,
    generate_text,
    next_tokens,
)
from nextword.models import LanguageModel
from nextword.tokens import WORD_SEPARATORS, Tokenizer


class TextGeneration:
    """The methods of `Model` that predict text.

    Attributes:
        language_model: The model on token ids; see `LanguageModel`.
        tokenizer: Encodes text to token ids and decodes them.
    """

    language_model: LanguageModel
    tokenizer: Tokenizer

    def next_words(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Return the most probable next words after a context, with their probabilities.

        The words of a model of characters, bytes or byte pairs are found by a search; see
        `complete`. Line ends are no words; see `next_tokens`.

        Args:
            context: Text before the next word; its last word is complete.
            k: Number of words.

        Returns:
            Pairs (word, probability), most probable first.
        """
        require_text("context", context)
        is_between = not context or context[-1] in WORD_SEPARATORS
        return self.complete(context if is_between else context + " ", k=k)

    def next_tokens(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Return the most probable next tokens after a context, with their probabilities.

        A token is an entry of the vocabulary: a word, a character, a byte, a byte pair or, for
        words, the line end `</s>`.

        Args:
            context: Text before the next token; it may end within a word.
            k: Number of tokens.

        Returns:
            Pairs (token, probability), most probable first.
        """
        require_text("context", context)
        return next_tokens(self.language_model, self.tokenizer, context=context, k=k)

    def complete(self, context: str, *, k: int = 5) -> list[tuple[str, float]]:
        """Return the most probable completions of the partial word at the end of a context.

        Args:
            context: Text that ends in a partial word. If it is empty or ends in white space, whole
                words are predicted.
            k: Number of words.

        Returns:
            Pairs (word, probability), most probable first. The probability is
            P(word | words before it); the typed letters only select words.
        """
        require_text("context", context)
        return complete(self.language_model, self.tokenizer, context=context, k=k)

    def typing_session(
        self, context: str = "", *, cache: CacheConfig | None = None
    ) -> TypingSession:
        """Start a text that is typed character by character, with suggestions for each word.

        Args:
            context: Text before the first typed character.
            cache: Settings of a cache that makes recent words more probable; no cache when None.
        """
        require_text("context", context)
        return TypingSession(self.language_model, self.tokenizer, context=context, cache=cache)

    def generate(
        self,
        prompt: str = "",
        *,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        typical_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int = 0,
    ) -> str:
        """Return text that continues a prompt.

        Args:
            prompt: Text to continue.
            max_tokens: Maximum number of tokens to generate.
            temperature: Divides the logits; 0 always takes the most probable token.
            top_k: Sample from the `top_k` most probable tokens.
            top_p: Sample from the most probable tokens whose probabilities sum to `top_p`.
            min_p: Sample from tokens at least `min_p` times as probable as the most probable one.
            typical_p: Sample from the tokens whose probabilities are nearest to the expected one,
                and sum to `typical_p`.
            repetition_penalty: Values above 1 make repetition less likely.
            stop: Generation stops before this text, or before any of several.
            seed: Random seed.

        Returns:
            The generated text, without the prompt.
        """
        [sample] = self.samples(
            prompt,
            max_tokens=max_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            typical_p=typical_p,
            repetition_penalty=repetition_penalty,
            stop=stop,
            seed=seed,
        )
        return sample.text

    def samples(
        self,
        prompt: str = "",
        *,
        num_samples: int = 1,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        typical_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int = 0,
    ) -> list[Sample]:
        """Return several continuations of a prompt.

        Args:
            prompt: Text to continue.
            num_samples: Number of continuations. Sample k does not depend on this number.
            max_tokens: Maximum number of tokens of each.
            temperature: See `generate`, like all arguments below.
            top_k: Number of most probable tokens that are sampled.
            top_p: Probability of the most probable tokens that are sampled.
            min_p: Least probability, relative to the most probable token.
            typical_p: Probability of the most typical tokens that are sampled.
            repetition_penalty: Values above 1 make repetition less likely.
            stop: Generation stops before this text, or before any of several.
            seed: Random seed.
        """
        results: dict[int, Sample] = {}
        for piece in self.stream(
            prompt,
            num_samples=num_samples,
            max_tokens=max_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            typical_p=typical_p,
            repetition_penalty=repetition_penalty,
            stop=stop,
            seed=seed,
        ):
            if piece.result is not None:
                results[piece.sample] = piece.result
        return [results[number] for number in range(num_samples)]

    def stream(
        self,
        prompt: str = "",
        *,
        num_samples: int = 1,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        typical_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int = 0,
    ) -> Iterator[TextPiece]:
        """Iterate over pieces of generated text as they become available.

        Args are those of `samples`.
        """
        require_text("prompt", prompt)
        stop = (stop,) if isinstance(stop, str) else stop
        require_several("stop", stop)
        return generate_text(
            self.language_model,
            self.tokenizer,
            prompt=prompt,
            max_tokens=max_tokens,
            stop=stop,
            config=SamplingConfig(
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                min_p=min_p,
                typical_p=typical_p,
                repetition_penalty=repetition_penalty,
            ),
            num_samples=num_samples,
            seed=seed,
        )
