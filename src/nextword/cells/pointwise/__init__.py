"""The hand-written parts of cells for backends that run layers without autograd."""

from nextword.cells.pointwise.contract import PassGradients, Pointwise, PointwisePass, Product

__all__ = ["PassGradients", "Pointwise", "PointwisePass", "Product"]
