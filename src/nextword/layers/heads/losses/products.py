"""The dtype of matrix products."""

import torch
from torch import Tensor


def product_dtype(hidden: Tensor) -> torch.dtype:
    """Return the dtype of a product with hidden vectors: that of autocast, or their own."""
    device = hidden.device.type
    if torch.is_autocast_enabled(device) and hidden.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return hidden.dtype
