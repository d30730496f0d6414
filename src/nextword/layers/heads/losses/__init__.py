"""Losses of a softmax: the negative log-likelihood of targets, from scores or hidden vectors."""

from nextword.layers.heads.losses.cross_entropy import cross_entropy, log_softmax
from nextword.layers.heads.losses.fused_linear import linear_nll

__all__ = ["cross_entropy", "linear_nll", "log_softmax"]
