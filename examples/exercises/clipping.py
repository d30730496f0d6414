"""Exercise 3: clipping of gradients.

By norm: if ‖g‖ > γ, replace g with γ g / ‖g‖. All gradients of a model are one vector for that.
By value: replace each component with the nearest number in [-γ, γ].
"""

import numpy as np


def clip_by_norm(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Return the clipped gradients; their directions together stay the same.

    Args:
        gradients: One array for each parameter.
        threshold: γ, above 0.

    Hint: the norm is that of all components of all arrays, not one for each array.
    """
    raise NotImplementedError("compute the common norm, then scale")


def clip_by_value(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Return the gradients with each component in [-γ, γ].

    Args:
        gradients: One array for each parameter.
        threshold: γ, above 0.
    """
    raise NotImplementedError("limit each component")
