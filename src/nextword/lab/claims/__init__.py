"""One file for each of the 25 claims: therefore more than 12 files.

Each file has the claim in our own words, the experiment, and the expectation as the constant
`CLAIM`.
"""

from nextword.lab.claims import (
    c01_sparse_tables,
    c02_window_growth,
    c03_blind_window,
    c04_shared_positions,
    c05_chain_rule,
    c06_bptt_sum,
    c07_sigmoid_factor,
    c08_eigenvalues,
    c09_clipping,
    c10_truncation,
    c11_carried_state,
    c12_memory_horizon,
    c13_keeping,
    c14_parameter_counts,
    c15_perplexity,
    c16_free_running,
    c17_cells,
    c18_bidirectional,
    c19_stacking,
    c20_summary,
    c21_sequential,
    c22_unknown_words,
    c23_both_directions,
    c24_short_lags,
    c25_word_order,
)
from nextword.lab.contract import Claim

_MODULES = (
    c01_sparse_tables,
    c02_window_growth,
    c03_blind_window,
    c04_shared_positions,
    c05_chain_rule,
    c06_bptt_sum,
    c07_sigmoid_factor,
    c08_eigenvalues,
    c09_clipping,
    c10_truncation,
    c11_carried_state,
    c12_memory_horizon,
    c13_keeping,
    c14_parameter_counts,
    c15_perplexity,
    c16_free_running,
    c17_cells,
    c18_bidirectional,
    c19_stacking,
    c20_summary,
    c21_sequential,
    c22_unknown_words,
    c23_both_directions,
    c24_short_lags,
    c25_word_order,
)

#: Every claim, in the order of the numbers.
CLAIMS: tuple[Claim, ...] = tuple(module.CLAIM for module in _MODULES)

__all__ = ["CLAIMS"]
