"""Writing rescored n-best lists in the format that they were read in."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from nextword.base import ConfigError, checked_path, created_folder, write_bytes
from nextword.interop.nbest.lists import Hypothesis, NbestLists, Utterance

#: Hypotheses with their new scores, best first.
Ranking = Sequence[tuple[Hypothesis, float]]


def require_new(path: str | Path) -> Path:
    """Return the path of a file or folder that does not exist yet.

    Raises:
        ConfigError: It exists.
    """
    place = checked_path(path)
    if place.exists():
        raise ConfigError(
            f"{place} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    return place


def write_nbest(path: str | Path, lists: NbestLists, *, rankings: Sequence[Ranking]) -> list[Path]:
    """Write the hypotheses of each utterance, best first, with their new scores.

    Formats `kaldi` (files text and score) and `espnet` become a folder, the others a file.

    Args:
        path: The file or folder to write; it must not exist.
        lists: What was read.
        rankings: The hypotheses of each utterance with their new scores, best first.

    Returns:
        The files that were written.

    Raises:
        ConfigError: The path exists.
    """
    place = require_new(path)
    pairs = list(zip(lists.utterances, rankings, strict=True))
    files = _FILES[lists.format](pairs)
    written = []
    try:
        for name, lines in files.items():
            file = place / name if name else place
            with created_folder(file.parent):
                write_bytes(file, "".join(f"{line}\n" for line in lines).encode("utf-8"))
            written.append(file)
    except BaseException:
        # It did not exist before: nothing of it is left.
        shutil.rmtree(place, ignore_errors=True)
        raise
    return written


_Pairs = Sequence[tuple[Utterance, Ranking]]


def _kaldi(pairs: _Pairs) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {"text": [], "score": []}
    for utterance, ranking in pairs:
        for rank, (hypothesis, score) in enumerate(ranking, start=1):
            files["text"].append(f"{utterance.name}-{rank} {hypothesis.text}".rstrip())
            files["score"].append(f"{utterance.name}-{rank} {score:.6f}")
    return files


def _espnet(pairs: _Pairs) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for utterance, ranking in pairs:
        for rank, (hypothesis, score) in enumerate(ranking, start=1):
            folder = f"{rank}best_recog"
            line = f"{utterance.name} {hypothesis.text}".rstrip()
            files.setdefault(f"{folder}/text", []).append(line)
            files.setdefault(f"{folder}/score", []).append(f"{utterance.name} {score:.6f}")
    return files


def _icefall(pairs: _Pairs) -> dict[str, list[str]]:
    lines = []
    for utterance, ranking in pairs:
        if utterance.reference is not None:
            lines.append(f"{utterance.name}:\tref={utterance.reference.split()}")
        for hypothesis, score in ranking:
            words = hypothesis.text.split()
            lines.append(f"{utterance.name}:\thyp={words}\tscore={score:.6f}")
    return {"": lines}


def _plain(pairs: _Pairs) -> dict[str, list[str]]:
    return {
        "": [
            f"{utterance.name}\t{score:.6f}\t{hypothesis.text}"
            for utterance, ranking in pairs
            for hypothesis, score in ranking
        ]
    }


def _jsonl(pairs: _Pairs) -> dict[str, list[str]]:
    lines = []
    for utterance, ranking in pairs:
        for hypothesis, score in ranking:
            values = {"id": utterance.name, **hypothesis.record, "total": round(score, 6)}
            if utterance.reference is not None:
                values["reference"] = utterance.reference
            lines.append(json.dumps(values, ensure_ascii=False))
    return {"": lines}


_FILES = {
    "espnet": _espnet,
    "icefall": _icefall,
    "jsonl": _jsonl,
    "kaldi": _kaldi,
    "plain": _plain,
}
