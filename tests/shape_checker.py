"""The checker that the jaxtyping import hook puts around every function of nextword in tests.

Plain beartype refuses `1` where `float` is annotated; the numeric tower follows the language.
"""

from beartype import BeartypeConf, beartype

check_types = beartype(conf=BeartypeConf(is_pep484_tower=True))
