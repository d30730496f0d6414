import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from fakes import random_text
from nextword.benchmarking.ngrams import estimate, estimate_command
from nextword.benchmarking.ngrams.estimating import TABLES_FILE, TOKENIZER_FILE
from nextword.tokens import VocabularyTokenizer


@pytest.mark.slow
def test_estimate_command_writes_the_tables_without_torch(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(random_text(80, num_words=30), encoding="utf-8")
    program, *arguments = estimate_command(text, tmp_path, order=3)[2:]
    # The same program, which fails if it imports torch.
    code = (
        "import runpy, sys; sys.modules['torch'] = None; "
        f"sys.argv = {[program, *arguments]!r}; runpy.run_path({program!r}, run_name='__main__')"
    )

    subprocess.run([sys.executable, "-P", "-c", code], check=True)

    tokenizer, smoothed = estimate(text, order=3)
    written = load_file(tmp_path / TABLES_FILE)
    assert VocabularyTokenizer.load(tmp_path / TOKENIZER_FILE).vocab_size == tokenizer.vocab_size
    for name, array in smoothed.tables.arrays().items():
        np.testing.assert_array_equal(written[name], array)
