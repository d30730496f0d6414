"""Fuzz one reader with atheris: python tests/fuzz/run_atheris.py TARGET [SECONDS]

atheris is not among the packages of the tests; install it in an environment of nextword with
`pip install atheris`. Contents that were found go to `fuzz-TARGET/`, and so does one that raises
an error that is not one of nextword: `crash-*`. To see its traceback, name it in place of the
seconds.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
from fuzz.targets import TARGETS, seeds_of


def main() -> None:
    """Run the fuzzer; it ends the process."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: run_atheris.py TARGET [SECONDS | FILE]; TARGET: {', '.join(TARGETS)}")
    name = sys.argv[1]
    target, rest = TARGETS[name], sys.argv[2:] or ["60"]
    folder = Path(tempfile.mkdtemp(prefix="nextword-fuzz-"))
    if not rest[0].isdecimal():
        print(target.run(Path(rest[0]).read_bytes(), folder))  # noqa: T201
        return
    corpus = Path(f"fuzz-{name.replace(' ', '-')}")
    corpus.mkdir(exist_ok=True)
    with atheris.instrument_imports(include=["nextword"], enable_loader_override=False):
        for number, seed in enumerate(seeds_of(name)):
            (corpus / f"seed-{number}").write_bytes(seed)
            # Readers are imported when they are first called.
            target.run(seed, folder)
    options = [f"-max_total_time={rest[0]}", "-timeout=20", "-rss_limit_mb=3000", "-max_len=4096"]
    words = [sys.argv[0], str(corpus), *options, f"-artifact_prefix={corpus}{os.sep}"]
    atheris.Setup(words, lambda content: target.run(content, folder))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
