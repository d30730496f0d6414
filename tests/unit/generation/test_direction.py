"""What a backward model generates, and what it is not asked for."""

import pytest

from fakes import ConstantModel, HashModel
from nextword.base import ConfigError
from nextword.generation import complete, generate_text, next_tokens
from nextword.tokens import Tokenizer, TokenizerConfig, train_tokenizer

TEXT = "a b c\nd e f\n"
WORDS = train_tokenizer(TokenizerConfig(min_count=1, direction="backward"), [TEXT])
BYTES = train_tokenizer(TokenizerConfig(kind="byte", direction="backward"), [])


class Cycle(ConstantModel):
    """Predicts the tokens of a text in turn."""

    def __init__(self, tokenizer: Tokenizer, text: str) -> None:
        size = tokenizer.vocab_size
        super().__init__([1.0 / size] * size, boundary_id=tokenizer.boundary_id)
        self.ids = tokenizer.encode(text).ids.tolist()

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        log_probs = log_probs.clone().fill_(-50.0)
        for step in range(token_ids.shape[1]):
            position = (int(state.num_tokens[0]) + step) % len(self.ids)
            log_probs[:, step, self.ids[position]] = 0.0
        return log_probs, after


def generated(tokenizer: Tokenizer, *, max_tokens: int, prompt: str = "") -> list[str]:
    model = Cycle(tokenizer, TEXT)
    pieces = generate_text(model, tokenizer, prompt=prompt, max_tokens=max_tokens)
    return [piece.text for piece in pieces]


def test_generate_text_backward_yields_each_line_in_reading_order() -> None:
    assert generated(WORDS, max_tokens=8) == ["a b c\n", "d e f\n"]
    assert "".join(generated(BYTES, max_tokens=12)) == TEXT


def test_generate_text_backward_continues_a_prompt_of_whole_lines() -> None:
    assert generated(WORDS, max_tokens=4, prompt="a b c\n") == ["d e f\n"]


def test_generate_text_backward_last_line_lacks_its_beginning() -> None:
    assert generated(WORDS, max_tokens=6) == ["a b c\n", "e f"]


def test_generate_text_backward_stops_before_a_stop_string_of_the_line() -> None:
    [piece] = generate_text(Cycle(WORDS, TEXT), WORDS, max_tokens=8, stop=[" c"])

    assert piece.result is not None
    assert (piece.text, piece.result.num_tokens, piece.result.finish_reason) == ("a b", 4, "stop")


@pytest.mark.parametrize("prompt", ["a b", "a b c\nd", " ", "a b c\n "])
def test_generate_text_backward_unfinished_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot continue the unfinished line '.+' at the end"):
        generate_text(Cycle(WORDS, TEXT), WORDS, prompt=prompt, max_tokens=5)


@pytest.mark.parametrize("predict", [next_tokens, complete])
def test_next_word_of_a_backward_model_is_refused(predict) -> None:  # type: ignore[no-untyped-def]
    model = HashModel(WORDS.vocab_size)

    with pytest.raises(ConfigError, match="predicts the previous token, not the next one"):
        predict(model, WORDS, context="a b")
