"""The number format of matrix products."""

import torch
from torch import Tensor


def product_dtype(hidden: Tensor) -> torch.dtype:
    """Give the type that a product with hidden vectors has here: autocast's, or their own."""
    device = hidden.device.type
    if torch.is_autocast_enabled(device) and hidden.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return hidden.dtype
