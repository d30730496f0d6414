"""Jacobians of recurrent steps: singular values, spectral radii, Lyapunov exponents."""

from nextword.inspection.jacobians.measures import (
    LayerSpectrum,
    ProductSpread,
    RecurrentMatrix,
    layer_spectrum,
    lyapunov_exponents,
    product_spreads,
    recurrent_matrices,
    step_bound,
)
from nextword.inspection.jacobians.report import (
    TABLE_HEADER,
    JacobianResult,
    inspect_jacobians,
    table_rows,
    write_jacobians,
)
from nextword.inspection.jacobians.steps import (
    LayerJacobians,
    step_jacobian,
    step_jacobians,
)

__all__ = [
    "TABLE_HEADER",
    "JacobianResult",
    "LayerJacobians",
    "LayerSpectrum",
    "ProductSpread",
    "RecurrentMatrix",
    "inspect_jacobians",
    "layer_spectrum",
    "lyapunov_exponents",
    "product_spreads",
    "recurrent_matrices",
    "step_bound",
    "step_jacobian",
    "step_jacobians",
    "table_rows",
    "write_jacobians",
]
