"""The legend of shapes: one name an axis, used in every public signature.

| axis | means |
|---|---|
| `batch` | sequences side by side, one row each |
| `time` | positions along a sequence, oldest first |
| `vocab` | entries of the vocabulary |
| `hidden` | width of the vector a model keeps per position |

The aliases are annotations only; tests check them at run time, the shipped code does not.
"""

from jaxtyping import Bool, Float, Int64
from torch import Tensor

TokenIds = Int64[Tensor, "batch time"]
Lengths = Int64[Tensor, " batch"]
Mask = Bool[Tensor, "batch time"]
Rows = Int64[Tensor, " rows"]
Nll = Float[Tensor, "batch time"]
LogProbs = Float[Tensor, "batch time vocab"]
Embeddings = Float[Tensor, "batch time embedding"]
Hidden = Float[Tensor, "batch time hidden"]
