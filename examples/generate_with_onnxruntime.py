"""Generate text with a network that `nextword export --to onnx` wrote, without nextword.

    python examples/generate_with_onnxruntime.py FOLDER --prompt "the students"

Needs onnxruntime and tokenizers only. Temperature 0 takes the most probable token.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers


class Network:
    """A network with its state, for one text."""

    def __init__(self, folder: Path, file: str) -> None:
        self.settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.session = onnxruntime.InferenceSession(folder / file)
        self.state = {
            name: np.full((1, part["size"]), part["initial"], dtype=np.float32)
            for name, part in self.settings["state"].items()
        }

    def read(self, ids: list[int]) -> np.ndarray:
        """Read tokens and return the log-probabilities of the next one, (vocab)."""
        for chunk in [[each] for each in ids] if self.settings["one_token"] else [ids]:
            inputs = {"input_ids": np.array([chunk], dtype=np.int64), **self.state}
            log_probs, *after = self.session.run(None, inputs)
            self.state = dict(zip(self.state, after, strict=True))
        return log_probs[0, -1]


def main() -> None:
    """Print the prompt and its continuation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--file", default="model.onnx")
    parser.add_argument("--prompt", default="")
    for name, default in (("--max-tokens", 50), ("--temperature", 1.0), ("--seed", 0)):
        parser.add_argument(name, type=type(default), default=default)
    options = parser.parse_args()
    tokenizer = tokenizers.Tokenizer.from_file(str(options.folder / "tokenizer.json"))
    network, generator = Network(options.folder, options.file), np.random.default_rng(options.seed)
    ids = tokenizer.encode(options.prompt).ids
    log_probs = network.read(ids)
    for _ in range(options.max_tokens):
        log_probs[network.settings["banned_ids"]] = -np.inf
        noise = generator.gumbel(size=len(log_probs)) * options.temperature
        ids.append(int(np.argmax(log_probs + noise)))
        log_probs = network.read(ids[-1:])
    # The first token is the boundary, which is not part of the text.
    print(tokenizer.decode(ids[1:]))


if __name__ == "__main__":
    main()
