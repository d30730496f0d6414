"""Names of tensor axes, as all public signatures use them.

| axis | meaning |
|---|---|
| `batch` | sequences of a batch |
| `time` | positions of a sequence, oldest first |
| `vocab` | entries of the vocabulary |
| `embedding` | entries of an embedding |
| `hidden` | entries of a hidden vector |

The annotations are checked at run time in tests only.
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
