import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import ConstantModel, HashModel, tokenizer_of
from nextword.base import ConfigError
from nextword.generation import Sample, SamplingConfig, generate_text, next_tokens
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

WORDS = tokenizer_of("a b c\nd e f\n")
BYTES = tokenizer_of(kind="byte")
GREEDY = SamplingConfig(temperature=0.0)


def hash_model(tokenizer: Tokenizer) -> HashModel:
    return HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)


def always(tokenizer: Tokenizer, token: str) -> ConstantModel:
    """A model that expects one token and nothing else."""
    probabilities = [0.0] * tokenizer.vocab_size
    probabilities[tokenizer.id_of(token)] = 1.0
    return ConstantModel(probabilities, boundary_id=tokenizer.boundary_id)


def samples_of(
    model: LanguageModel,
    tokenizer: Tokenizer,
    *,
    prompt: str = "",
    max_tokens: int = 20,
    stop: tuple[str, ...] = (),
    num_samples: int = 1,
) -> list[Sample]:
    """The samples in order; each is checked to be what its pieces add up to."""
    results: dict[int, Sample] = {}
    texts = [""] * num_samples
    for piece in generate_text(
        model,
        tokenizer,
        prompt=prompt,
        max_tokens=max_tokens,
        stop=stop,
        num_samples=num_samples,
    ):
        assert piece.sample not in results
        texts[piece.sample] += piece.text
        if piece.result is not None:
            results[piece.sample] = piece.result
    assert texts == [results[number].text for number in range(num_samples)]
    return [results[number] for number in range(num_samples)]


def test_generate_text_many_samples_give_as_many_results() -> None:
    samples = samples_of(hash_model(WORDS), WORDS, num_samples=5)

    assert [sample.num_tokens for sample in samples] == [20] * 5
    assert {sample.finish_reason for sample in samples} == {"length"}
    assert len({sample.text for sample in samples}) == 5
    assert all(-math.inf < sample.log_prob < 0 for sample in samples)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [("", "a a a"), ("b", " a a a"), ("b ", "a a a"), ("b\n", "a a a"), ("new", " a a a")],
)
def test_generate_text_words_join_on_to_the_prompt(prompt: str, text: str) -> None:
    (sample,) = samples_of(always(WORDS, "a"), WORDS, prompt=prompt, max_tokens=3)

    assert sample.text == text
    assert sample.log_prob == 0.0


def test_generate_text_sentence_end_prints_a_newline_and_goes_on() -> None:
    (sample,) = samples_of(always(WORDS, "</s>"), WORDS, prompt="a", max_tokens=3)

    assert (sample.text, sample.num_tokens, sample.finish_reason) == ("\n\n\n", 3, "length")


@settings(max_examples=20)
@given(stop=st.lists(st.sampled_from(["a b", "c", "\n", " d e", "f\na"]), max_size=3))
def test_generate_text_stop_cuts_the_free_text(stop: list[str]) -> None:
    model = hash_model(WORDS)
    (free,) = samples_of(model, WORDS, max_tokens=60)

    (stopped,) = samples_of(model, WORDS, max_tokens=60, stop=tuple(stop))

    ends = [free.text.find(word) + len(word) for word in stop if word in free.text]
    assert stopped.finish_reason == ("stop" if ends else "length")
    assert free.text.startswith(stopped.text)
    assert not any(word in stopped.text for word in stop)
    if ends:
        assert any(free.text.startswith(stopped.text + word) for word in stop)
    assert stopped.num_tokens <= free.num_tokens


def test_generate_text_stop_across_tokens_counts_their_tokens() -> None:
    (sample,) = samples_of(always(WORDS, "a"), WORDS, prompt="b", stop=("a a a",))

    assert sample == Sample(text=" ", num_tokens=3, log_prob=0.0, finish_reason="stop")


def test_generate_text_stop_in_the_prompt_does_not_count() -> None:
    (sample,) = samples_of(always(WORDS, "a"), WORDS, prompt="c b", max_tokens=2, stop=("b a",))

    assert (sample.text, sample.finish_reason) == (" a a", "length")


def test_generate_text_stop_of_one_sample_leaves_the_others() -> None:
    model = hash_model(WORDS)
    free = samples_of(model, WORDS, num_samples=4)

    stopped = samples_of(model, WORDS, num_samples=4, stop=("\n",))

    assert [sample.text for sample in stopped] == [
        sample.text.partition("\n")[0] for sample in free
    ]


def test_generate_text_incomplete_character_is_held_back_to_the_end() -> None:
    pieces = list(generate_text(always(BYTES, "<0xC3>"), BYTES, prompt="é", max_tokens=1))

    assert [piece.text for piece in pieces] == ["\udcc3"]


def test_generate_text_held_back_stop_comes_at_the_end() -> None:
    (sample,) = samples_of(always(BYTES, "x"), BYTES, max_tokens=2, stop=("xxx",))

    assert (sample.text, sample.finish_reason) == ("xx", "length")


def test_generate_text_open_unknown_never_comes() -> None:
    probabilities = [0.0] * WORDS.vocab_size
    probabilities[WORDS.unknown_id] = 0.9
    probabilities[WORDS.id_of("a")] = 0.1

    (sample,) = samples_of(ConstantModel(probabilities), WORDS, max_tokens=10)

    assert sample.text == " ".join("a" * 10)
    assert sample.log_prob == pytest.approx(10 * math.log(0.1))


def test_generate_text_closed_unknown_is_a_word() -> None:
    tokenizer = tokenizer_of("a <unk>\n", closed=True)

    (sample,) = samples_of(always(tokenizer, "<unk>"), tokenizer, max_tokens=2)

    assert sample.text == "<unk> <unk>"


def test_next_tokens_most_probable_come_first_with_the_models_probabilities() -> None:
    probabilities = [0.0] * WORDS.vocab_size
    shares = {"<unk>": 0.4, "b": 0.3, "</s>": 0.1, "a": 0.1, "c": 0.1}
    for token, share in shares.items():
        probabilities[WORDS.id_of(token)] = share

    found = next_tokens(ConstantModel(probabilities), WORDS, context="a", k=3)

    assert [token for token, _ in found] == ["b", "</s>", "a"]
    assert [share for _, share in found] == pytest.approx([0.3, 0.1, 0.1])


def test_next_tokens_fewer_possible_than_asked_gives_those() -> None:
    found = next_tokens(always(WORDS, "a"), WORDS, context="", k=100)

    assert found == [("a", 1.0)]


@settings(max_examples=30)
@given(context=st.text("abcdefx \n", max_size=20))
def test_next_tokens_any_context_agrees_with_greedy_generation(context: str) -> None:
    model = hash_model(WORDS)

    ((token, _),) = next_tokens(model, WORDS, context=context, k=1)

    (piece,) = generate_text(model, WORDS, prompt=context, max_tokens=1, config=GREEDY)
    assert piece.text.strip(" ") == ("\n" if token == "</s>" else token)


def test_next_tokens_context_is_read() -> None:
    model = hash_model(WORDS)

    assert next_tokens(model, WORDS, context="a b") != next_tokens(model, WORDS, context="b a")


def test_next_tokens_k_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match="k is 0; it must be at least 1"):
        next_tokens(hash_model(WORDS), WORDS, context="a", k=0)


@pytest.mark.parametrize(
    ("max_tokens", "num_samples", "stop", "message"),
    [
        (0, 1, (), "max_tokens is 0; it must be at least 1"),
        (1, 0, (), "num_samples is 0; it must be at least 1"),
        (1, 1, ("",), "a stop string is empty"),
    ],
)
def test_generate_text_bad_setting_is_refused_at_once(
    max_tokens: int, num_samples: int, stop: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        generate_text(
            hash_model(WORDS), WORDS, max_tokens=max_tokens, num_samples=num_samples, stop=stop
        )
