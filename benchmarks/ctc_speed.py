"""Decoding with a network: hypotheses read one by one, and several in one step.

python benchmarks/ctc_speed.py --utterances 4 --beam 50

Makes noisy frames of letters from sentences of random words, and decodes them with flashlight-text
and pyctcdecode, where they are installed, over an LSTM with random weights. Prints processor time
and the number of steps and rows of the network.
"""

import argparse
import importlib
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import nextword.kenlm
from nextword.interop.ctc import FlashlightModel, PyctcdecodeModel
from nextword.models import LanguageModel

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIGNS = ["", *LETTERS, " "]


def made_words(number: int, *, seed: int = 0) -> list[str]:
    """Return different words of 2 to 7 letters, of few syllables, so that they are confused."""
    generator = random.Random(seed)
    words: dict[str, None] = {}
    while len(words) < number:
        word = "".join(
            generator.choice("bdfgklmnprst") + generator.choice("aeiou")
            for _ in range(generator.randint(1, 3))
        )
        words[word + generator.choice(["", "n", "s", "r"])] = None
    return list(words)


def made_network(words: list[str], hidden_size: int) -> nextword.kenlm.Model:
    """Return an LSTM with random weights over words."""
    from nextword.api import untrained_model
    from nextword.text import Corpus, text_document

    lines = [" ".join(words[start : start + 20]) for start in range(0, len(words), 20)]
    document = text_document("\n".join(lines) + "\n", name="words")
    corpus = Corpus(description="words", open_documents=lambda: iter([document]))
    model = untrained_model(
        "lstm-small",
        corpus,
        settings=[
            {
                "model": {"hidden_size": hidden_size},
                "tokenizer": {"min_count": 1, "vocab_size": len(words) + 4},
            }
        ],
    )
    return nextword.kenlm.Model.of(model.language_model, tokenizer=model.tokenizer)


def made_frames(words: list[str], *, num_words: int, seed: int) -> np.ndarray:
    """Return noisy log-probabilities of the signs of a sentence, (frames, signs)."""
    generator = np.random.default_rng(seed)
    sentence = " ".join(generator.choice(words, size=num_words))
    frames = [sign for letter in sentence for sign in (letter, "")]
    scores = generator.normal(size=(len(frames), len(SIGNS)))
    scores[np.arange(len(frames)), [SIGNS.index(sign) for sign in frames]] += 3.5
    return torch.from_numpy(scores).log_softmax(-1).numpy()


def flashlight_decode(
    network: nextword.kenlm.Model, words: list[str], *, beam: int, look_ahead: int
) -> Callable[[np.ndarray], str]:
    """Return a function that decodes frames over a lexicon of all words."""
    module = importlib.import_module("flashlight.lib.text.decoder")
    lm = FlashlightModel(network, words, look_ahead=look_ahead)
    trie = module.Trie(len(SIGNS), SIGNS.index(" "))
    start = lm.start(False)
    for number, word in enumerate(words):
        spelling = [SIGNS.index(sign) for sign in f"{word} "]
        trie.insert(spelling, number, lm.score(start, number)[1])
    trie.smear(module.SmearingMode.MAX)
    options = module.LexiconDecoderOptions(
        beam_size=beam,
        beam_size_token=len(SIGNS),
        beam_threshold=50.0,
        lm_weight=1.0,
        word_score=0.5,
        unk_score=-float("inf"),
        sil_score=0.0,
        log_add=False,
        criterion_type=module.CriterionType.CTC,
    )
    decoder = module.LexiconDecoder(options, trie, lm, SIGNS.index(" "), 0, len(words), [], False)

    # The decoder does not keep the model alive.
    def decode(frames: np.ndarray, lm: FlashlightModel = lm) -> str:
        emissions = np.ascontiguousarray(frames, dtype=np.float32)
        result = decoder.decode(emissions.ctypes.data, *emissions.shape)[0]
        return " ".join(words[number] for number in result.words if number >= 0)

    return decode


def pyctcdecode_decode(
    network: nextword.kenlm.Model, words: list[str], *, beam: int, look_ahead: int
) -> Callable[[np.ndarray], str]:
    """Return a function that decodes frames with pyctcdecode."""
    module = importlib.import_module("pyctcdecode")
    alphabet = importlib.import_module("pyctcdecode.alphabet").Alphabet.build_alphabet(SIGNS)
    model = PyctcdecodeModel(network, words, look_ahead=look_ahead)
    decoder = module.BeamSearchDecoderCTC(alphabet, model)
    return lambda frames: decoder.decode(frames, beam_width=beam)


class Counted:
    """Counts the steps of a model, and their rows."""

    def __init__(self, model: LanguageModel) -> None:
        self.steps = self.rows = 0
        original = model.next_log_probs

        def counted(token_ids: Any, *arguments: Any, **options: Any) -> Any:
            self.steps += 1
            self.rows += len(token_ids)
            return original(token_ids, *arguments, **options)

        model.next_log_probs = counted  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=4)
    parser.add_argument("--words", type=int, default=5000)
    parser.add_argument("--hidden", type=int, default=200)
    parser.add_argument("--beam", type=int, default=50)
    parser.add_argument("--look-ahead", type=int, nargs="+", default=[0, 4, 8, 16, 32])
    options = parser.parse_args()
    words = made_words(options.words)
    utterances = [made_frames(words, num_words=8, seed=n) for n in range(options.utterances)]
    print(f"{options.words} words, LSTM {options.hidden}, beam {options.beam}")
    for name, make in (("flashlight", flashlight_decode), ("pyctcdecode", pyctcdecode_decode)):
        expected = None
        for number in options.look_ahead:
            network = made_network(words, options.hidden)
            counts = Counted(network._loaded.source[0])  # type: ignore[index]
            try:
                decode = make(network, words, beam=options.beam, look_ahead=number)
            except ImportError as error:
                print(f"{name}: {error}")
                break
            counts.steps = counts.rows = 0
            started = time.process_time()
            texts = [decode(frames) for frames in utterances]
            seconds = time.process_time() - started
            expected = texts if expected is None else expected
            print(
                f"{name} look_ahead {number}: {seconds:.2f} s, {counts.steps} steps, "
                f"{counts.rows} rows, same texts: {texts == expected}"
            )


if __name__ == "__main__":
    main()
