"""Solution of exercise 2."""

import numpy as np


def gradient_of_w(W: np.ndarray, e: np.ndarray, r: np.ndarray) -> np.ndarray:
    states = [np.zeros(len(W))]
    for inputs in e:
        states.append(np.tanh(inputs + W @ states[-1]))
    gradient, arriving = np.zeros_like(W), np.zeros(len(W))
    for time in range(len(e), 0, -1):
        through = (arriving + r[time - 1]) * (1 - states[time] ** 2)
        gradient += np.outer(through, states[time - 1])
        arriving = W.T @ through
    return gradient
