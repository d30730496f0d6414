"""The registry of claims, in the order of their numbers. Add new claims to `lab/claims`."""

import re
from collections.abc import Iterable, Sequence

from nextword.base import ConfigError, did_you_mean
from nextword.lab.claims import CLAIMS
from nextword.lab.contract import Claim

#: The name that selects every claim.
EVERYTHING = "all"


def find_claims(names: Sequence[str], claims: Iterable[Claim] = CLAIMS) -> list[Claim]:
    """Return the claims with the given names, in the order of the registry.

    Args:
        names: Numbers such as `C6`, `c6` or `6`, names such as `bptt-sum`, or `all`.
        claims: Claims to choose from.

    Raises:
        ConfigError: A name is unknown.

    Example:
        >>> [claim.name for claim in find_claims(["c6", "chain-rule"])]
        ['chain-rule', 'bptt-sum']
    """
    known = list(claims)
    wanted: set[str] = set()
    for name in names:
        found = [claim.id for claim in known if name == EVERYTHING or _is_named(claim, name)]
        if not found:
            raise ConfigError(
                f"there is no claim {name!r}.",
                help=f"{did_you_mean(name, [claim.name for claim in known])} "
                "See nextword lab list.",
            )
        wanted.update(found)
    return [claim for claim in known if claim.id in wanted]


def _is_named(claim: Claim, name: str) -> bool:
    number = re.fullmatch(r"c?0*(\d+)", name.lower())
    return name.lower() == claim.name or (number is not None and f"C{number[1]}" == claim.id)
