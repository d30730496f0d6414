"""Reading n-best lists of Kaldi, ESPnet, icefall, tab-separated files and JSON lines."""

import ast
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nextword.base import ConfigError, DataError, checked_path, did_you_mean
from nextword.interop.nbest.fields import (
    fail,
    number_of,
    numbered_lines,
    table,
    utterance_and_rank,
)
from nextword.interop.nbest.lists import Hypothesis, NbestLists, Utterance

_BEST = re.compile(r"(\d+)best_recog")
_ICEFALL = re.compile(r"(.+?):\t(ref|hyp)=(\[.*?\])(?:\tscore=(\S+))?")
_NUM_FIELDS = 3
_FORMATS_HELP = (
    "It is one of kaldi (lines 'utterance-k text', or a folder with such a file text), espnet (a "
    "folder with 1best_recog), icefall (lines 'utterance:<TAB>hyp=[...]'), plain (utterance, score "
    "and text between tabs) or jsonl."
)


def read_nbest(
    path: str | Path,
    *,
    scores: Sequence[str | Path] = (),
    format: str = "auto",
    is_cost: bool = False,
) -> NbestLists:
    """Read the n-best lists of a file or folder.

    Args:
        path: The file or folder.
        scores: Files with lines `utterance-k score`; format `kaldi` only.
        format: `kaldi`, `espnet`, `icefall`, `plain` or `jsonl`; `auto` decides by the content.
        is_cost: Whether lower scores are better, as the costs of Kaldi; their sign is changed.

    Raises:
        ConfigError: The format is unknown, or `scores` are given for a format that has its own.
        DataError: A file is missing or malformed; the message names the line.
    """
    place = checked_path(path)
    if format not in ("auto", *_READERS):
        raise ConfigError(f"the format is {format!r}.", help=did_you_mean(format, _READERS))
    if not place.exists():
        raise DataError(f"there is no file or folder {place}.", help="Check the path.")
    found = _guessed(place) if format == "auto" else format
    files = [checked_path(each) for each in scores]
    if files and found != "kaldi":
        raise ConfigError(
            f"score files are given, but the format {found} of {place} has its own scores.",
            help="Leave the score files out.",
        )
    names, utterances = _READERS[found](place, files)
    if not utterances:
        raise DataError(f"{place} has no hypotheses.", help=_FORMATS_HELP)
    if is_cost:
        utterances = [_negated(utterance) for utterance in utterances]
    return NbestLists(
        utterances=tuple(utterances), format=found, source=str(place), score_names=tuple(names)
    )


def read_references(path: str | Path) -> dict[str, str]:
    """Return the reference of each utterance.

    Args:
        path: Lines `utterance text`, or JSON lines with `id` and `text`.

    Raises:
        DataError: The file is missing or malformed.
    """
    place = checked_path(path)
    lines = list(numbered_lines(place))
    if not lines or not lines[0][1].lstrip().startswith("{"):
        return {name: text for name, (_, text) in table(place).items()}
    found: dict[str, str] = {}
    for where, line in lines:
        values = _object(where, line)
        name = _name(where, values)
        if name in found:
            fail(where, f"{name} occurs a second time.")
        found[name] = _text(where, values.get("reference", values.get("text")))
    return found


def _guessed(path: Path) -> str:
    if path.is_dir():
        if any(_BEST.fullmatch(each.name) for each in path.iterdir()):
            return "espnet"
        if (path / "text").is_file():
            return "kaldi"
        raise DataError(f"{path} has neither 1best_recog nor text.", help=_FORMATS_HELP)
    first = next((line for _, line in numbered_lines(path)), "")
    if not first:
        raise DataError(f"{path} is empty.", help=_FORMATS_HELP)
    if first.lstrip().startswith("{"):
        return "jsonl"
    if _ICEFALL.fullmatch(first):
        return "icefall"
    fields = first.split("\t")
    if len(fields) == _NUM_FIELDS and re.fullmatch(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?", fields[1]):
        return "plain"
    if first and re.fullmatch(r".+-\d+", first.split()[0]):
        return "kaldi"
    raise DataError(f"the format of {path} is unknown.", help=_FORMATS_HELP)


def _kaldi(path: Path, scores: Sequence[Path]) -> tuple[list[str], list[Utterance]]:
    texts = table(path / "text" if path.is_dir() else path)
    tables = [table(each) for each in scores]
    for file, values in zip(scores, tables, strict=True):
        odd = next(iter(texts.keys() ^ values.keys()), None)
        if odd is not None:
            where = "no text" if odd in values else "no score"
            raise DataError(
                f"{file}: {odd} has {where}.", help="Each hypothesis needs a text and a score."
            )
    ranked: dict[str, dict[int, Hypothesis]] = {}
    for name, (place, text) in texts.items():
        utterance, rank = utterance_and_rank(place, name)
        hypotheses = ranked.setdefault(utterance, {})
        if rank in hypotheses:
            fail(place, f"{name} occurs a second time.")
        numbers = tuple(number_of(*values[name]) for values in tables)
        hypotheses[rank] = Hypothesis(text=text, scores=numbers)
    names = [each.name for each in scores]
    return names, [_by_rank(name, hypotheses) for name, hypotheses in ranked.items()]


def _espnet(path: Path, scores: Sequence[Path]) -> tuple[list[str], list[Utterance]]:
    matches = [(_BEST.fullmatch(each.name), each) for each in path.iterdir()]
    folders = sorted((int(match[1]), folder) for match, folder in matches if match)
    ranked: dict[str, dict[int, Hypothesis]] = {}
    for rank, folder in folders:
        texts, numbers = table(folder / "text"), table(folder / "score")
        for name, (place, _) in numbers.items():
            if name not in texts:
                fail(place, f"{name} has no text in {folder / 'text'}.")
        for name, (place, text) in texts.items():
            if name not in numbers:
                fail(place, f"{name} has no score in {folder / 'score'}.")
            score = number_of(*numbers[name])
            ranked.setdefault(name, {})[rank] = Hypothesis(text=text, scores=(score,))
    return ["score"], [_by_rank(name, hypotheses) for name, hypotheses in ranked.items()]


def _icefall(path: Path, scores: Sequence[Path]) -> tuple[list[str], list[Utterance]]:
    references: dict[str, str] = {}
    found: dict[str, list[Hypothesis]] = {}
    has_scores: set[bool] = set()
    for place, line in numbered_lines(path):
        match = _ICEFALL.fullmatch(line)
        if match is None:
            fail(place, "expected 'utterance:<TAB>ref=[...]' or 'utterance:<TAB>hyp=[...]'.")
        name, kind, words, score = match.groups()
        text = " ".join(_words(place, words))
        if kind == "ref":
            references[name] = text
            continue
        has_scores.add(score is not None)
        if len(has_scores) > 1:
            fail(place, "some hypotheses have a score and others have none.")
        numbers = () if score is None else (number_of(place, score),)
        found.setdefault(name, []).append(Hypothesis(text=text, scores=numbers))
    empty = next((name for name in references if name not in found), None)
    if empty is not None:
        raise DataError(
            f"{path}: {empty} has a reference but no hypothesis.",
            help="Add an empty one if nothing was recognized.",
        )
    return ["score"] if True in has_scores else [], [
        Utterance(name=name, hypotheses=tuple(hypotheses), reference=references.get(name))
        for name, hypotheses in found.items()
    ]


def _words(place: str, literal: str) -> list[str]:
    try:
        words = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        fail(place, f"{literal[:40]} is not a list of words.")
    return words


def _plain(path: Path, scores: Sequence[Path]) -> tuple[list[str], list[Utterance]]:
    found: dict[str, list[Hypothesis]] = {}
    for place, line in numbered_lines(path):
        fields = line.split("\t")
        if len(fields) != _NUM_FIELDS:
            fail(place, f"there are {len(fields)} fields; utterance, score and text are expected.")
        name, score, text = fields
        numbers = (number_of(place, score),)
        found.setdefault(name, []).append(Hypothesis(text=text.strip(), scores=numbers))
    return ["score"], [
        Utterance(name=name, hypotheses=tuple(hypotheses)) for name, hypotheses in found.items()
    ]


def _jsonl(path: Path, scores: Sequence[Path]) -> tuple[list[str], list[Utterance]]:
    found: dict[str, list[Hypothesis]] = {}
    references: dict[str, str] = {}
    names: list[str] | None = None
    for place, line in numbered_lines(path):
        values = _object(place, line)
        name = _name(place, values)
        if "reference" in values:
            references[name] = _text(place, values["reference"])
        entries = values.get("nbest", [values])
        if not isinstance(entries, list):
            fail(place, "nbest is not a list.")
        if not entries:
            fail(place, "nbest is empty.", help="Add an empty text if nothing was recognized.")
        for entry in entries:
            if not isinstance(entry, dict):
                fail(place, "a hypothesis is not a JSON object.")
            given = _scores(place, entry)
            if names is not None and list(given) != names:
                fail(place, f"the scores are {list(given)}, but {names} before.")
            names = list(given)
            text = _text(place, _value(place, entry, "text"))
            found.setdefault(name, []).append(
                Hypothesis(text=text, scores=tuple(given.values()), record=entry)
            )
    return names or [], [
        Utterance(name=name, hypotheses=tuple(hypotheses), reference=references.get(name))
        for name, hypotheses in found.items()
    ]


def _scores(place: str, entry: dict[str, Any]) -> dict[str, float]:
    given = entry.get("scores", {"score": entry["score"]} if "score" in entry else {})
    if not isinstance(given, dict):
        fail(place, "scores is not a JSON object.")
    return {str(name): number_of(place, value) for name, value in sorted(given.items())}


def _object(place: str, line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        fail(place, f"this is not JSON: {error}.")
    if not isinstance(values, dict):
        fail(place, "this is not a JSON object.")
    return values


def _value(place: str, values: dict[str, Any], key: str) -> Any:
    if key not in values:
        fail(place, f"the key {key!r} is missing.", help="Each hypothesis needs id and text.")
    return values[key]


def _name(place: str, values: dict[str, Any]) -> str:
    name = _value(place, values, "id")
    if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
        fail(place, f"the id {name!r} is neither a name nor a number.")
    return str(name)


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or "\n" in value:
        fail(place, f"{value!r} is not a text of one line.")
    return value.strip()


def _by_rank(name: str, hypotheses: dict[int, Hypothesis]) -> Utterance:
    ordered = tuple(hypotheses[rank] for rank in sorted(hypotheses))
    return Utterance(name=name, hypotheses=ordered)


def _negated(utterance: Utterance) -> Utterance:
    return Utterance(
        name=utterance.name,
        hypotheses=tuple(
            Hypothesis(
                text=each.text, scores=tuple(-score for score in each.scores), record=each.record
            )
            for each in utterance.hypotheses
        ),
        reference=utterance.reference,
    )


_READERS: dict[str, Callable[[Path, Sequence[Path]], tuple[list[str], list[Utterance]]]] = {
    "espnet": _espnet,
    "icefall": _icefall,
    "jsonl": _jsonl,
    "kaldi": _kaldi,
    "plain": _plain,
}
