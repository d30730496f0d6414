"""Check the licences of the packages in constraints.txt; works offline, on what is installed.

    python tests/check_licences.py

Ends with code 1 and the names of packages whose licence is missing or not in the list below.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"

#: Words of licences that permit use in open and in proprietary software. The MPL requires that
#: changes to the package itself stay open.
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|Zlib|CC0|BSL|"
    r"Unlicense|Public Domain|HPND|CNRI|CMU)\b",
    re.IGNORECASE,
)
#: Words of licences that require more. A package that offers a choice is fine.
RESTRICTED = re.compile(r"\b(AGPL|GPL|LGPL|GNU|SSPL|BUSL|Commons Clause|Proprietary)\b", re.I)


def pinned_names(text: str) -> list[str]:
    """Return the names of the packages in a constraints file."""
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def licence_of(name: str) -> str | None:
    """Return the licence in the metadata of a package; None if it is not installed."""
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    classifiers = [
        value.split("::")[-1].strip()
        for value in metadata.get_all("Classifier", [])
        if value.startswith("License ::")
    ]
    stated = metadata.get("License-Expression") or "; ".join(classifiers)
    return stated or (metadata.get("License") or "").strip().partition("\n")[0]


def is_fine(licence: str) -> bool:
    """Return whether a licence, or one of those to choose from, is permissive."""
    choices = re.split(r"\bOR\b|;", licence)
    return any(PERMISSIVE.search(each) and not RESTRICTED.search(each) for each in choices)


def main() -> int:
    """Print the licences that need a look, and return the exit code."""
    found = {name: licence_of(name) for name in pinned_names(CONSTRAINTS.read_text())}
    installed = {name: licence for name, licence in found.items() if licence is not None}
    odd = {name: licence for name, licence in installed.items() if not is_fine(licence)}
    for name, licence in sorted(odd.items()):
        print(f"{name}: {licence or 'no licence in its metadata'}")
    print(f"{len(installed)} packages checked, {len(found) - len(installed)} not installed.")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
