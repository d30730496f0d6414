"""Remake kenlm-scores.json: scores of the module `kenlm` for random files and sentences.

Needs the extra `arpa`. The tests compare with the file where the module is not installed.
"""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from random_arpa import odd_sentence, random_arpa

NUM_FILES, NUM_SENTENCES = 12, 8
OUT = Path(__file__).with_name("kenlm-scores.json")


def main() -> None:
    import kenlm

    quiet = kenlm.Config()
    quiet.show_progress = False
    quiet.arpa_complain = kenlm.ARPALoadComplain.NONE
    generator = random.Random(20)
    files: list[dict[str, Any]] = []
    path = Path(tempfile.mkdtemp()) / "model.arpa"
    while len(files) < NUM_FILES:
        text, words = random_arpa(generator)
        path.write_text(text, encoding="utf-8", newline="\n")
        try:
            model = kenlm.Model(str(path), quiet)
        except OSError as error:
            if "Avoid pruning n-grams" not in str(error):
                raise
            continue
        sentences = []
        for _ in range(NUM_SENTENCES):
            sentence, bos, eos = odd_sentence(words, generator)
            scores = [list(word) for word in model.full_scores(sentence, bos, eos)]
            sentences.append({"text": sentence, "bos": bos, "eos": eos, "scores": scores})
        files.append({"arpa": text, "order": model.order, "sentences": sentences})
    OUT.write_text(json.dumps(files, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
