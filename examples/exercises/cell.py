"""Exercise 1: one step of an LSTM.

    i, f, o = sigmoid(U e + W h + b) each        the gates
    g       = tanh(U_g e + W_g h + b_g)          the candidate
    c_new   = f * c + i * g
    h_new   = o * tanh(c_new)

The four U are stacked in one matrix in the order i, f, g, o, and so are the four W and the four b.
"""

from torch import Tensor


def lstm_step(
    e: Tensor, h: Tensor, c: Tensor, *, U: Tensor, W: Tensor, b: Tensor
) -> tuple[Tensor, Tensor]:
    """Return h and c after one step.

    Args:
        e: Embeddings, (batch, n).
        h: Hidden states before the step, (batch, m).
        c: Cell states before the step, (batch, m).
        U: (4 m, n).
        W: (4 m, m).
        b: (4 m).

    Hint: compute all four sums with two matrix products, then cut them apart with `chunk`.
    """
    raise NotImplementedError("compute the gates, then c, then h")
