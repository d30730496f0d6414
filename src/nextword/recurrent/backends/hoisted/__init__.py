"""Layers in torch alone, with all work that does not depend on time hoisted out of the loop."""

from nextword.recurrent.backends.hoisted.layer import NOISE, is_worthwhile, run_layer, supports

__all__ = ["NOISE", "is_worthwhile", "run_layer", "supports"]
