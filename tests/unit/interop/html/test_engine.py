"""The engine of the page, in a browser: its numbers are those of the dequantized model."""

import math
import random
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest
import torch

from fakes import random_text, tokenizer_of
from families import (
    Case,
    maxent_cases,
    ngram_cases,
    output_cases,
    recurrent_cases,
    transformer_cases,
    window_cases,
)
from nextword.base import ConfigError
from nextword.families import NgramConfig, RecurrentConfig
from nextword.generation import SamplingConfig
from nextword.generation.sampling import filter_log_probs
from nextword.interop.html import page_contents
from nextword.interop.html.page_file import ENGINE_MODULES, joined_modules
from nextword.interop.html.tokenizer_data import tokenizer_data
from nextword.layers import EmbeddingConfig
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, TokenizerConfig, train_tokenizer

#: What the page may differ by, in nats.
TOLERANCE = 1e-4

#: Cells that the page does not compute.
REFUSED = ("preactivation", "linear", "projected", "layer-norm", "min-gru", "min-lstm")

ALL = dict(chain(recurrent_cases(), output_cases(), ngram_cases()))
OWN = {
    "lstm-one-hot": Case(
        RecurrentConfig(hidden_size=5, tied=False), embedding=EmbeddingConfig(kind="one_hot")
    ),
    "gru-character": Case(RecurrentConfig(cell="gru", hidden_size=5), kind="character"),
    "lstm-byte": Case(RecurrentConfig(hidden_size=5), kind="byte"),
    "lstm-bpe": Case(RecurrentConfig(hidden_size=5, num_layers=2), kind="bpe"),
    "ngram-4-bpe": Case(NgramConfig(order=4), kind="bpe"),
}
COMPUTED = {
    name: case
    for name, case in {**ALL, **OWN}.items()
    if not any(word in name for word in (*REFUSED, "window"))
}
FEW = (
    "lstm-2-tied",
    "lstm-learnt-state-1-untied",
    "gru-residual",
    "elman-relu-2-untied",
    "lstm-adaptive-tied",
    "lstm-one-hot",
    "ngram-1-kneser_ney",
    "ngram-3-maximum_likelihood",
    "ngram-4-bpe",
)

_LOADED = """
async ([config, arrays, texts]) => {
  const engine = await loadEngine(config, arrays);
  const shown = values => Array.from(values, value => Number.isFinite(value) ? value : null);
  return texts.map(text => ({
    logProbs: shown(engine.logProbs(text)),
    scores: shown(engine.score(text).map(each => each.nats)),
  }));
}
"""


@pytest.fixture(scope="module")
def engine(browser: Any) -> Iterator[Callable[..., Any]]:
    """Evaluate a function in a page that has the engine."""
    page = browser.new_page()
    exports = "Object.assign(globalThis, {loadEngine, makeTokenizer, drawId, seededRandom});"
    page.add_script_tag(content=joined_modules(ENGINE_MODULES) + exports, type="module")
    page.wait_for_function("Boolean(globalThis.loadEngine)")
    yield page.evaluate
    page.close()


def library_log_probs(model: LanguageModel, tokenizer: Tokenizer, text: str) -> torch.Tensor:
    """Log-probabilities after the boundary and after each token, in float64 where it can be."""
    if isinstance(model, torch.nn.Module):
        model = model.double()
    ids = [tokenizer.boundary_id, *tokenizer.encode(text).ids.tolist()]
    with torch.no_grad():
        log_probs, _ = model.next_log_probs(torch.tensor([ids]), model.initial_state(1))
    return log_probs[0].double()


def differences(engine: Callable[..., Any], case: Case) -> float:
    """The largest difference of a log-probability over some texts."""
    contents = page_contents(case.build(3), case.tokenizer)
    texts = ["", "w1", "w1 w2 w3\nw4 zzz\n", random_text(4, seed=2, num_words=5)]
    found = engine(_LOADED, [contents.data, contents.arrays, texts])
    largest = 0.0
    for text, answer in zip(texts, found, strict=True):
        expected = library_log_probs(contents.dequantized, case.tokenizer, text)
        targets = case.tokenizer.encode(text).ids.tolist()
        scores = [-expected[place, target].item() for place, target in enumerate(targets)]
        pairs = zip(
            [*expected[-1].tolist(), *scores], [*answer["logProbs"], *answer["scores"]], strict=True
        )
        for own, other in pairs:
            # JSON has no infinity: what is impossible must be impossible on both sides.
            assert math.isfinite(own) == (other is not None)
            largest = max(largest, abs(own - other) if other is not None else 0.0)
    return largest


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in FEW else pytest.mark.exhaustive)
        for name in sorted(COMPUTED)
    ],
)
def test_engine_probabilities_equal_those_of_the_dequantized_model(
    engine: Callable[..., Any], name: str
) -> None:
    assert differences(engine, COMPUTED[name]) < TOLERANCE


def test_engine_with_another_weight_differs(engine: Callable[..., Any]) -> None:
    case = COMPUTED["lstm-2-tied"]
    contents = page_contents(case.build(3), case.tokenizer)
    [answer] = engine(_LOADED, [contents.data, contents.arrays, ["w1"]])

    other = library_log_probs(case.build(4), case.tokenizer, "w1")[-1]

    values = zip(answer["logProbs"], other.tolist(), strict=True)
    assert max(abs(a - b) for a, b in values if a is not None) > 100 * TOLERANCE


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=name)
        for name, case in chain(
            ((name, ALL[name]) for name in ALL if any(word in name for word in REFUSED)),
            list(window_cases())[:2],
            list(maxent_cases())[:1],
            list(transformer_cases())[:1],
        )
        if "-2-" not in name
    ],
)
def test_contents_of_a_model_that_the_page_cannot_compute_are_refused(
    name: str, case: Case
) -> None:
    with pytest.raises(ConfigError, match="an HTML page computes") as caught:
        page_contents(case.build(3), case.tokenizer)

    assert caught.value.help.startswith("Export a model of the recipes lstm-small")


def test_contents_of_a_backward_model_are_refused() -> None:
    with pytest.raises(ConfigError, match="reads each line backward"):
        tokenizer_data(tokenizer_of("a b\n", direction="backward"))


TRAINING_TEXT = (
    "It's the cat's hat, isn't it? Naïve Größe 12,345.\n\n"
    "\tfor i in range(10):  # 日本語 テキスト\n"
    "        print(i)   \r\n«émigré» 🙂🙂 ­ ﻿ x\x85y\n<s> </s> <unk>\n"
) * 3
PIECES = [
    *("the", "It's", "cat", "hat", "12", " ", "  ", "\t", "\n", "\r\n", "\n\n", "'s", "n't", "é"),
    *(
        "Größe",
        "日本",
        "🙂",
        "\xa0",
        "\u2003",
        "\x85",
        "\ufeff",
        "\x0b",
        "\x0c",
        "\0",
        "<s>",
        "</s>",
    ),
    *(
        "<unk>",
        "<pad>",
        "<",
        "x<s>y",
        "zzz",
        "The",
        "ΣΑΣ",
        "İ",
        "<UNK>",
        "l\u2019an",
        "1,000.5",
        "...",
        "--",
        "a_b",
        "‿",
        "\x1c",
        "a\u0301",
        "ß",
        "―",
        "!!",
        "()",
        "_",
        "٣",
    ),
]


def odd_texts(count: int = 300) -> list[str]:
    generator = random.Random(5)
    made = ["".join(generator.choices(PIECES, k=generator.randint(0, 12))) for _ in range(count)]
    return [*made, "a" * 600, "é" * 300, " " * 500 + "x", "ab " * 7000]


@pytest.mark.parametrize(
    "config",
    [
        TokenizerConfig(kind="bpe", vocab_size=360),
        TokenizerConfig(kind="byte"),
        TokenizerConfig(kind="character", min_count=1),
        TokenizerConfig(kind="word", min_count=1, closed=False, markers="skip"),
        TokenizerConfig(kind="word", min_count=1, closed=True, markers="skip"),
        TokenizerConfig(kind="word", min_count=1, split="words", markers="skip"),
        TokenizerConfig(kind="word", min_count=1, lowercase=True, markers="skip"),
        TokenizerConfig(
            kind="word", min_count=1, split="words", lowercase=True, closed=True, markers="skip"
        ),
    ],
    ids=[
        *("bpe", "byte", "character", "word-open", "word-closed"),
        *("word-split", "word-lower", "word-split-lower"),
    ],
)
def test_engine_encodes_as_the_library(engine: Callable[..., Any], config: TokenizerConfig) -> None:
    tokenizer = train_tokenizer(config, TRAINING_TEXT.splitlines(keepends=True))
    texts = odd_texts()

    found = engine(
        """([config, texts]) => {
          const tokenizer = makeTokenizer(config);
          return texts.map(text => tokenizer.encode(text).map(({id}) => id));
        }""",
        [tokenizer_data(tokenizer), texts],
    )

    for text, ids in zip(texts, found, strict=True):
        assert ids == tokenizer.encode(text).ids.tolist(), repr(text)


@pytest.mark.parametrize("kind", ["bpe", "byte", "character", "word"])
def test_engine_places_and_texts_of_tokens_are_those_of_the_library(
    engine: Callable[..., Any], kind: Any
) -> None:
    tokenizer = tokenizer_of(TRAINING_TEXT.replace("<s> </s> <unk>", ""), kind=kind)
    text = "the cat's\n12 Größe 日本 x"

    found = engine(
        """([config, text]) => {
          const tokenizer = makeTokenizer(config);
          return tokenizer.encode(text).map(({id, start, end}) =>
            [text.slice(start, end), tokenizer.tokenText(id)]);
        }""",
        [tokenizer_data(tokenizer), text],
    )

    ids = tokenizer.encode(text).ids.tolist()
    assert [shown for _, shown in found] == [tokenizer.token_text(each) for each in ids]
    covered = "".join(part for part, _ in found)
    assert covered == (text if tokenizer.is_lossless else text.replace(" ", ""))


@pytest.mark.parametrize(
    ("temperature", "top_p"), [(1.0, 1.0), (0.5, 0.95), (2.0, 0.6), (0.0, 1.0)]
)
def test_engine_draws_with_the_frequencies_of_the_library_filters(
    engine: Callable[..., Any], temperature: float, top_p: float
) -> None:
    log_probs = torch.tensor([[0.4, 0.3, 0.15, 0.1, 0.05]]).log()
    banned = 1

    counts = engine(
        """([logProbs, settings]) => {
          const random = seededRandom(7), counts = logProbs.map(() => 0);
          for (let i = 0; i < 20000; i++) counts[drawId(logProbs, {...settings, random})]++;
          return counts;
        }""",
        [log_probs[0].tolist(), {"temperature": temperature, "topP": top_p, "bannedIds": [banned]}],
    )

    log_probs[0, banned] = -torch.inf
    expected = filter_log_probs(
        log_probs,
        torch.zeros(1, 5, dtype=torch.bool),
        config=SamplingConfig(temperature=temperature, top_p=top_p),
    ).exp()[0]
    assert [count / 20000 for count in counts] == pytest.approx(expected.tolist(), abs=0.01)
    assert [count > 0 for count in counts] == (expected > 0).tolist()


def test_engine_draws_the_same_for_the_same_seed(engine: Callable[..., Any]) -> None:
    drawn = engine("() => [3, 3, 4].map(seed => seededRandom(seed)())")

    assert drawn[0] == drawn[1] != drawn[2]
    assert all(0 <= number < 1 for number in drawn)


def test_engine_joins_words_and_punctuation_as_the_library(engine: Callable[..., Any]) -> None:
    text = 'He said: (it\'s 1,000--yes!) and left.\n"No", he said ... 5 % [a]\n'
    config = TokenizerConfig(kind="word", min_count=1, split="words")
    tokenizer = train_tokenizer(config, [text])
    ids = tokenizer.encode(text).ids.tolist()

    decoded, typed = engine(
        """([config, ids]) => {
          const tokenizer = makeTokenizer(config), decode = tokenizer.decoder("");
          const typed = ids.reduce((text, id) => tokenizer.withToken(text, id), "");
          return [ids.map(decode).join(""), typed];
        }""",
        [tokenizer_data(tokenizer), ids],
    )

    assert decoded == tokenizer.decode(ids)
    assert typed == decoded
