"""Check solutions of the exercises.

    python examples/exercises/check.py NAME... [--folder FOLDER]

NAME is cell, bptt, clipping, perplexity, kneser_ney, sampling or all. The exit code is 1 if a check
fails.
"""

import argparse
import importlib.util
import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

HERE = Path(__file__).resolve().parent


def check_cell(solution: ModuleType) -> None:
    """Compare one step, and its gradient, with torch.nn.LSTMCell."""
    torch.manual_seed(0)
    batch, n, m = 3, 4, 5
    peer = torch.nn.LSTMCell(n, m).double()
    e, h, c = (torch.randn(batch, size, dtype=torch.float64) for size in (n, m, m))
    expected_h, expected_c = peer(e, (h, c))
    found_h, found_c = solution.lstm_step(
        e, h, c, U=peer.weight_ih, W=peer.weight_hh, b=peer.bias_ih + peer.bias_hh
    )
    require(torch.allclose(found_c, expected_c, rtol=1e-10), "c is wrong")
    require(torch.allclose(found_h, expected_h, rtol=1e-10), "h is wrong")
    expected = torch.autograd.grad(expected_h.sum(), peer.weight_hh)[0]
    found = torch.autograd.grad(found_h.sum(), peer.weight_hh)[0]
    require(torch.allclose(found, expected, rtol=1e-8), "the gradient of W is wrong")


def check_bptt(solution: ModuleType) -> None:
    """Compare the gradient with autograd for one step and for seven."""
    for num_steps in (1, 2, 7):
        rng = np.random.default_rng(num_steps)
        W, e, r = rng.normal(size=(4, 4)), *rng.normal(size=(2, num_steps, 4))
        weight = torch.tensor(W, requires_grad=True)
        h, loss = torch.zeros(4, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for inputs, weights in zip(torch.tensor(e), torch.tensor(r), strict=True):
            h = torch.tanh(inputs + weight @ h)
            loss = loss + weights @ h
        expected = torch.autograd.grad(loss, weight)[0].numpy()
        found = solution.gradient_of_w(W, e, r)
        require(np.shape(found) == expected.shape, f"dL/dW has the shape {np.shape(found)}")
        require(np.allclose(found, expected, rtol=1e-9), f"dL/dW is wrong for {num_steps} step(s)")


def check_clipping(solution: ModuleType) -> None:
    """Check the common norm, the direction, small gradients, and values."""
    gradients = [np.array([3.0, 0.0]), np.array([[0.0], [-4.0]])]
    clipped = solution.clip_by_norm([g.copy() for g in gradients], 1.0)
    norm = math.sqrt(sum(float((g**2).sum()) for g in clipped))
    require(abs(norm - 1.0) < 1e-9, f"the norm after clipping at 1 is {norm}")
    require(np.allclose(clipped[0], [0.6, 0.0]), "the direction has changed")
    small = solution.clip_by_norm([g.copy() for g in gradients], 10.0)
    require(np.allclose(small[1], gradients[1]), "a gradient below the threshold has changed")
    values = solution.clip_by_value([g.copy() for g in gradients], 3.5)
    require(np.allclose(values[0], [3.0, 0.0]), "a component inside the limits has changed")
    require(np.allclose(values[1], [[0.0], [-3.5]]), "a component is outside the limits")


def check_perplexity(solution: ModuleType) -> None:
    """Check a die, a mixed text, a long text, a zero, and bits."""
    require(abs(solution.perplexity([1 / 6] * 10) - 6.0) < 1e-9, "a fair die does not score 6")
    found = solution.perplexity([0.5, 0.125])
    require(abs(found - 4.0) < 1e-9, f"the perplexity of 1/2 and 1/8 is 4, not {found}")
    require(abs(solution.perplexity([0.01] * 5000) - 100.0) < 1e-6, "a long text underflows")
    require(solution.perplexity([0.5, 0.0]) == math.inf, "a probability of 0 gives infinity")
    require(abs(solution.bits_per_token(8.0) - 3.0) < 1e-9, "a perplexity of 8 is 3 bits")


def check_kneser_ney(solution: ModuleType) -> None:
    """Check the discount, that probabilities sum to 1, and the worth of continuations."""
    tokens = ["a", "b", "a", "b", "a", "c", "d", "c", "a", "d", "b", "c", "a", "c"]
    pairs = list(itertools.pairwise(tokens))
    counts = {pair: pairs.count(pair) for pair in pairs}
    n1, n2 = (list(counts.values()).count(number) for number in (1, 2))
    expected = n1 / (n1 + 2 * n2)
    require(abs(solution.discount(tokens) - expected) < 1e-9, f"D is not {expected:.4f}")
    words = {word for _, word in pairs}
    for before in {v for v, _ in pairs}:
        total = sum(solution.bigram_probability(tokens, before, word) for word in words)
        require(abs(total - 1.0) < 1e-9, f"p(. | {before}) sums to {total:.4f}")
    continuation = len({v for v, w in counts if w == "c"}) / len(counts)
    followers = [w for v, w in pairs if v == "a"]
    share = max(counts.get(("a", "c"), 0) - expected, 0) / len(followers)
    p = share + expected * len(set(followers)) / len(followers) * continuation
    found = solution.bigram_probability(tokens, "a", "c")
    require(abs(found - p) < 1e-9, f"p(c | a) is {p:.4f}, not {found:.4f}")


def check_sampling(solution: ModuleType) -> None:
    """Check temperatures, top-k, large logits, and which token a number selects."""
    logits = np.array([0.0, 1.0, 3.0, 2.0])
    plain = solution.next_token_distribution(logits)
    require(np.allclose(plain, np.exp(logits) / np.exp(logits).sum()), "the softmax is wrong")
    sharp = solution.next_token_distribution(logits, temperature=0.5)
    require(np.allclose(sharp, plain**2 / (plain**2).sum()), "the temperature is wrong")
    two = solution.next_token_distribution(logits, top_k=2)
    require(np.allclose(two[:2], 0.0), "top-k keeps other tokens")
    require(abs(two.sum() - 1.0) < 1e-9, "top-k does not sum to 1")
    large = solution.next_token_distribution(logits + 1e4)
    require(np.allclose(large, plain), "large logits overflow")
    thirds = np.array([0.25, 0.5, 0.25])
    chosen = [solution.draw(thirds, number) for number in (0.0, 0.24, 0.25, 0.74, 0.75, 0.99)]
    require(chosen == [0, 0, 1, 1, 2, 2], f"the numbers select {chosen}")


CHECKS: dict[str, Callable[[ModuleType], None]] = {
    "cell": check_cell,
    "bptt": check_bptt,
    "clipping": check_clipping,
    "perplexity": check_perplexity,
    "kneser_ney": check_kneser_ney,
    "sampling": check_sampling,
}


def require(condition: bool, message: str) -> None:
    """Raise AssertionError with a message unless a condition is true."""
    if not condition:
        raise AssertionError(message)


def load(path: Path) -> ModuleType:
    """Import a solution from its file."""
    spec = importlib.util.spec_from_file_location(f"exercise_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str] | None = None) -> int:
    """Check the named solutions and return the exit code."""
    parser = argparse.ArgumentParser(description="Check solutions of the exercises.")
    parser.add_argument("names", nargs="+", choices=[*CHECKS, "all"])
    parser.add_argument("--folder", type=Path, default=HERE, help="folder of the solutions")
    options = parser.parse_args(arguments)
    names = list(CHECKS) if "all" in options.names else options.names
    num_failed = 0
    for name in names:
        try:
            CHECKS[name](load(options.folder / f"{name}.py"))
        except NotImplementedError as todo:
            print(f"{name}: not written yet ({todo})")
            num_failed += 1
        except Exception as error:
            print(f"{name}: wrong: {error}")
            num_failed += 1
        else:
            print(f"{name}: right")
    return int(num_failed > 0)


if __name__ == "__main__":
    sys.exit(main())
