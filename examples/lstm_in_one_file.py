"""An LSTM language model over characters in one file: NumPy alone, back-propagation by hand.

    python examples/lstm_in_one_file.py TEXT [--updates 2000] [--hidden 128] [--seed 0]

It trains on the first nine tenths of a text file by truncated back-propagation through time, prints
the perplexity of the last tenth, and writes a sample. The names are those of the lectures: E is the
embedding table, U and W multiply the embedding and the previous hidden state, V maps the hidden
state to scores. The four gates are stacked in the order i, f, g, o, where g is the candidate c̃.
"""

import argparse
from pathlib import Path

import numpy as np

GATES = 4  # i, f, g, o


# ---------------------------------------------------------------- the model


def new_parameters(vocab_size, embedding_size, hidden_size, *, rng):
    """Return random weights; the bias of the forget gate is 1, so that cells keep their values."""

    def draw(rows, columns, scale):
        return rng.uniform(-scale, scale, size=(rows, columns))

    scale = hidden_size**-0.5
    b = np.zeros(GATES * hidden_size)
    b[hidden_size : 2 * hidden_size] = 1.0
    return {
        "E": draw(vocab_size, embedding_size, 0.1),
        "U": draw(GATES * hidden_size, embedding_size, scale),
        "W": draw(GATES * hidden_size, hidden_size, scale),
        "b": b,
        "V": draw(vocab_size, hidden_size, scale),
        "d": np.zeros(vocab_size),
    }


def zero_state(batch_size, hidden_size):
    """Return h = 0 and c = 0, (batch, hidden) each."""
    return np.zeros((batch_size, hidden_size)), np.zeros((batch_size, hidden_size))


def sigmoid(x):
    """Return 1 / (1 + e^-x), without overflow for large negative x."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def log_softmax(scores):
    """Return log-probabilities over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def step(parameters, ids, state):
    """Read one character per row: return the new state, and what the backward pass needs."""
    h_before, c_before = state
    e = parameters["E"][ids]
    sums = e @ parameters["U"].T + h_before @ parameters["W"].T + parameters["b"]
    i, f, g, o = np.split(sums, GATES, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c = f * c_before + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return (h, c), (ids, e, h_before, c_before, i, f, g, o, tanh_c, h)


def forward(parameters, inputs, targets, state):
    """Return the mean loss in nats, the state after the window, and the record of every step.

    inputs and targets are (batch, time); the state is where the window before has ended.
    """
    records, losses = [], []
    for ids, target in zip(inputs.T, targets.T, strict=True):
        state, record = step(parameters, ids, state)
        log_probs = log_softmax(state[0] @ parameters["V"].T + parameters["d"])
        losses.append(-log_probs[np.arange(len(ids)), target])
        records.append((record, log_probs, target))
    return np.mean(losses), state, records


# ---------------------------------------------------------------- back-propagation through time


def backward(parameters, records):
    """Return the gradient of the mean loss with respect to every parameter.

    dh and dc are the gradients that arrive from later steps. They are zero after the last step,
    which is where the truncation is: no gradient comes from the next window.
    """
    gradients = {name: np.zeros_like(value) for name, value in parameters.items()}
    num_targets = len(records) * len(records[0][2])
    dh = dc = 0.0
    for (ids, e, h_before, c_before, i, f, g, o, tanh_c, h), log_probs, target in reversed(records):
        # dL/dscores = ŷ - y, divided by the number of targets that the loss is the mean of.
        dscores = np.exp(log_probs)
        dscores[np.arange(len(target)), target] -= 1.0
        dscores /= num_targets
        gradients["V"] += dscores.T @ h
        gradients["d"] += dscores.sum(axis=0)
        dh = dh + dscores @ parameters["V"]
        # h = o * tanh(c)
        do = dh * tanh_c
        dc = dc + dh * o * (1.0 - tanh_c**2)
        # c = f * c_before + i * g
        di, df, dg = dc * g, dc * c_before, dc * i
        # Through the sigmoids and the tanh: their derivatives are s(1 - s) and 1 - g².
        dsums = np.concatenate(
            [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1
        )
        gradients["U"] += dsums.T @ e
        gradients["W"] += dsums.T @ h_before
        gradients["b"] += dsums.sum(axis=0)
        np.add.at(gradients["E"], ids, dsums @ parameters["U"])
        # What goes on to the step before.
        dh = dsums @ parameters["W"]
        dc = dc * f
    return gradients


def clip_by_norm(gradients, threshold):
    """Scale all gradients down if their common norm exceeds a threshold; return the norm."""
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm > threshold:
        for gradient in gradients.values():
            gradient *= threshold / norm
    return norm


class Adam:
    """The optimizer: running means of the gradient and of its square, both corrected at first."""

    def __init__(self, parameters, *, beta1=0.9, beta2=0.99):
        self.beta1, self.beta2, self.num_steps = beta1, beta2, 0
        self.means = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.squares = {name: np.zeros_like(value) for name, value in parameters.items()}

    def update(self, parameters, gradients, *, learning_rate):
        """Change the parameters in place."""
        self.num_steps += 1
        for name, gradient in gradients.items():
            mean, square = self.means[name], self.squares[name]
            mean += (1 - self.beta1) * (gradient - mean)
            square += (1 - self.beta2) * (gradient**2 - square)
            corrected = mean / (1 - self.beta1**self.num_steps)
            spread = np.sqrt(square / (1 - self.beta2**self.num_steps))
            parameters[name] -= learning_rate * corrected / (spread + 1e-8)


# ---------------------------------------------------------------- using the model


def train(parameters, ids, *, updates, batch_size=16, bptt_steps=50, learning_rate=5e-3, clip=1.0):
    """Train on a text that is cut into `batch_size` lanes; the learning rate falls to 0."""
    lanes = ids[: len(ids) // batch_size * batch_size].reshape(batch_size, -1)
    num_windows = max((lanes.shape[1] - 1) // bptt_steps, 1)
    optimizer = Adam(parameters)
    hidden_size = parameters["W"].shape[1]
    for number in range(updates):
        window = number % num_windows
        if window == 0:
            state = zero_state(batch_size, hidden_size)
        part = lanes[:, window * bptt_steps : (window + 1) * bptt_steps + 1]
        # The state is carried from window to window; gradients stay inside the window.
        loss, state, records = forward(parameters, part[:, :-1], part[:, 1:], state)
        gradients = backward(parameters, records)
        norm = clip_by_norm(gradients, clip)
        optimizer.update(
            parameters, gradients, learning_rate=learning_rate * (1 - number / updates)
        )
        if (number + 1) % 100 == 0:
            print(f"update {number + 1}: perplexity {np.exp(loss):.2f}, gradient norm {norm:.2f}")
    return parameters


def perplexity(parameters, ids, *, chunk_steps=200):
    """Return the perplexity of a text per character: e to the power of the mean loss in nats."""
    state, total = zero_state(1, parameters["W"].shape[1]), 0.0
    for start in range(0, len(ids) - 1, chunk_steps):
        part = ids[None, start : start + chunk_steps + 1]
        loss, state, _ = forward(parameters, part[:, :-1], part[:, 1:], state)
        total += loss * (part.shape[1] - 1)
    return np.exp(total / (len(ids) - 1))


def sample(parameters, first_id, length, *, rng, temperature=1.0):
    """Return ids, each drawn from the distribution after the ones before it."""
    state, ids = zero_state(1, parameters["W"].shape[1]), [first_id]
    for _ in range(length):
        state, _ = step(parameters, np.array(ids[-1:]), state)
        scores = (state[0] @ parameters["V"].T + parameters["d"])[0] / temperature
        cumulative = np.exp(log_softmax(scores)).cumsum()
        # The smallest id whose cumulative probability exceeds a uniform random number.
        ids.append(int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")))
    return ids


def main():
    """Train on a file, print the perplexity of its last tenth, and a sample."""
    parser = argparse.ArgumentParser(description="Train an LSTM on the characters of a text.")
    parser.add_argument("text", type=Path, help="a UTF-8 text file, at least 1,000 characters")
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    text = options.text.read_text(encoding="utf-8")
    if len(text) < 1000:
        parser.error(f"{options.text} has {len(text)} characters; at least 1,000 are needed.")
    alphabet = sorted(set(text))
    ids = np.array([alphabet.index(character) for character in text])
    cut = len(ids) * 9 // 10
    rng = np.random.default_rng(options.seed)
    parameters = new_parameters(len(alphabet), 32, options.hidden, rng=rng)
    train(parameters, ids[:cut], updates=options.updates)
    print(f"perplexity per character of the held-out text: {perplexity(parameters, ids[cut:]):.3f}")
    written = sample(parameters, int(ids[cut]), 500, rng=rng, temperature=0.8)
    print("".join(alphabet[each] for each in written))


if __name__ == "__main__":
    main()
