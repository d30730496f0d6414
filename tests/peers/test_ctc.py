"""Decoders of CTC networks: with our models in the place of KenLM's they decode the same.

Needs the packages kenlm, pyctcdecode and flashlight-text, which `make peers` installs; without one,
its tests skip. pyctcdecode 0.5.0 asks for numpy below 2 and so cannot be among the packages of
constraints.txt; it works with the newer one, so it is installed without what it asks for.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import nextword.kenlm
from fakes import HashModel, tokenizer_of
from nextword.interop.ctc import FlashlightModel, PyctcdecodeModel

pytestmark = pytest.mark.peer

SENTENCES = ["the hen sat", "the men ate the ham", "a hen ate", "the ham sat", "an ant ate a hen"]
WORDS = sorted({word for sentence in SENTENCES for word in sentence.split()})
LETTERS = sorted({letter for word in WORDS for letter in word})
NUM_UTTERANCES = 10
_WHY = "is not installed; make peers"


@pytest.fixture(scope="module")
def arpa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ctc") / "model.arpa"
    nextword.kenlm.train(SENTENCES * 5, order=3, out=path)
    return path


@pytest.fixture(scope="module")
def utterances() -> list[np.ndarray]:
    """Noisy log-probabilities of the letters of sentences, (frames, blank + letters + space)."""
    generator = np.random.default_rng(0)
    signs = ["", *LETTERS, " "]
    found = []
    for _ in range(NUM_UTTERANCES):
        sentence = generator.choice(SENTENCES)
        frames = [sign for letter in sentence for sign in (letter, "")]
        scores = generator.normal(size=(len(frames), len(signs)))
        for row, sign in zip(scores, frames, strict=True):
            row[signs.index(sign)] += 2.5
        found.append(torch.from_numpy(scores).log_softmax(-1).numpy())
    return found


@pytest.fixture
def pyctcdecode() -> ModuleType:
    pytest.importorskip("kenlm", reason=f"the kenlm module {_WHY}")
    return pytest.importorskip(
        "pyctcdecode", reason=f"pyctcdecode, which asks for numpy below 2, {_WHY}"
    )


def decoded(decoder: Any, utterances: list[np.ndarray]) -> list[tuple[str, float]]:
    best = [decoder.decode_beams(logits, beam_width=30) for logits in utterances]
    # Text, state, frames, score of the network, score.
    return [(beam[0], beam[-1]) for beams in best for beam in beams[:5]]


def assert_same(found: list[tuple[str, float]], expected: list[tuple[str, float]]) -> None:
    assert len(set(expected)) > NUM_UTTERANCES
    assert [text for text, _ in found] == [text for text, _ in expected]
    scores = [score for _, score in expected]
    assert [score for _, score in found] == pytest.approx(scores, abs=1e-4, rel=1e-5)


def test_pyctcdecode_with_our_module_in_the_place_of_kenlm(
    pyctcdecode: ModuleType,
    arpa: Path,
    utterances: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = ["", *LETTERS, " "]
    expected = decoded(pyctcdecode.build_ctcdecoder(labels, str(arpa)), utterances)
    for name in ("pyctcdecode.language_model", "pyctcdecode.decoder"):
        monkeypatch.setattr(importlib.import_module(name), "kenlm", nextword.kenlm)

    decoder = pyctcdecode.build_ctcdecoder(labels, str(arpa))

    assert_same(decoded(decoder, utterances), expected)


def test_pyctcdecode_with_our_language_model(
    pyctcdecode: ModuleType, arpa: Path, utterances: list[np.ndarray]
) -> None:
    labels = ["", *LETTERS, " "]
    expected = decoded(pyctcdecode.build_ctcdecoder(labels, str(arpa)), utterances)
    alphabet = importlib.import_module("pyctcdecode.alphabet").Alphabet.build_alphabet(labels)

    decoder = pyctcdecode.BeamSearchDecoderCTC(alphabet, PyctcdecodeModel(arpa))

    assert_same(decoded(decoder, utterances), expected)


def test_pyctcdecode_with_a_network(pyctcdecode: ModuleType, utterances: list[np.ndarray]) -> None:
    tokenizer = tokenizer_of("\n".join(SENTENCES) + "\n")
    network = nextword.kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)
    model = PyctcdecodeModel(network, alpha=0.1, beta=0.0)
    alphabet = importlib.import_module("pyctcdecode.alphabet")
    built = alphabet.Alphabet.build_alphabet(["", *LETTERS, " "])

    decoder = pyctcdecode.BeamSearchDecoderCTC(built, model)

    num_equal = 0
    for logits in utterances:
        text, _, _, logit_score, score = decoder.decode_beams(logits, beam_width=30)[0]
        # After a blank at the end, pyctcdecode scores an empty last word, which is unknown.
        expected = 0.1 * network.score(text) * np.log(10.0)
        num_equal += score - logit_score == pytest.approx(expected, abs=1e-3)
    assert num_equal >= NUM_UTTERANCES // 2


def flashlight_results(
    lm: Any, utterances: list[np.ndarray], *, lexicon: dict[str, int]
) -> list[tuple[list[int], float]]:
    """Decode with flashlight's decoder over a lexicon of all words."""
    decoder_module = importlib.import_module("flashlight.lib.text.decoder")
    tokens = ["", *LETTERS, " "]
    trie = decoder_module.Trie(len(tokens), tokens.index(" "))
    start = lm.start(False)
    for word, number in lexicon.items():
        _, score = lm.score(start, number)
        trie.insert([tokens.index(sign) for sign in f"{word} "], number, score)
    trie.smear(decoder_module.SmearingMode.MAX)
    options = decoder_module.LexiconDecoderOptions(
        beam_size=50,
        beam_size_token=len(tokens),
        beam_threshold=50.0,
        lm_weight=1.0,
        word_score=0.5,
        unk_score=-float("inf"),
        sil_score=0.0,
        log_add=False,
        criterion_type=decoder_module.CriterionType.CTC,
    )
    decoder = decoder_module.LexiconDecoder(
        options, trie, lm, tokens.index(" "), 0, len(lexicon), [], False
    )
    found = []
    for logits in utterances:
        emissions = np.ascontiguousarray(logits, dtype=np.float32)
        results = decoder.decode(emissions.ctypes.data, *emissions.shape)
        found += [
            ([number for number in result.words if number >= 0], result.score)
            for result in results[:3]
        ]
    return found


def test_flashlight_with_our_model_decodes_as_with_kenlm(
    arpa: Path, utterances: list[np.ndarray]
) -> None:
    pytest.importorskip("flashlight.lib.text.decoder", reason=f"flashlight-text {_WHY}")
    kenlm = importlib.import_module("flashlight.lib.text.decoder.kenlm").KenLM
    dictionary = importlib.import_module("flashlight.lib.text.dictionary").Dictionary(WORDS)
    lexicon = {word: dictionary.get_index(word) for word in WORDS}
    expected = flashlight_results(kenlm(str(arpa), dictionary), utterances, lexicon=lexicon)

    model = FlashlightModel(arpa, WORDS)

    found = flashlight_results(model, utterances, lexicon=lexicon)
    assert [words for words, _ in found] == [words for words, _ in expected]
    scores = [score for _, score in expected]
    assert [score for _, score in found] == pytest.approx(scores, abs=1e-4, rel=1e-5)


def test_flashlight_with_a_network(utterances: list[np.ndarray]) -> None:
    pytest.importorskip("flashlight.lib.text.decoder", reason=f"flashlight-text {_WHY}")
    tokenizer = tokenizer_of("\n".join(SENTENCES) + "\n")
    network = nextword.kenlm.Model.of(HashModel(tokenizer.vocab_size), tokenizer=tokenizer)
    lexicon = {word: number for number, word in enumerate(WORDS)}

    found = flashlight_results(FlashlightModel(network, WORDS), utterances, lexicon=lexicon)

    assert len(found) > NUM_UTTERANCES
    assert all(words for words, _ in found)
