# %% [markdown]
# # Back-propagation through time by hand
#
# A cell-by-cell script for Jupyter, VS Code or Spyder; each `# %%` begins a cell. It also runs as
# it is: `python examples/notebooks/bptt_by_hand.py`.
#
# The gradient of the recurrent matrix is a sum over all earlier steps k. Each term is the immediate
# derivative at step k, carried to the loss by a product of Jacobians. The function
# `nextword.lab.tools.bptt.bptt_gradients` writes that sum out, without autograd.

# %%
import torch

from nextword.lab.tools import ElmanWeights, bptt_gradients, forward, step_jacobian

torch.manual_seed(0)
weights = ElmanWeights.random(input_size=4, hidden_size=6, vocab_size=9)
inputs = torch.randn(12, 4, dtype=torch.float64)
target_ids = torch.randint(9, (12,))

# %% [markdown]
# ## The sum, and autograd

# %%
ours = bptt_gradients(weights, inputs, target_ids=target_ids)

weight_h = weights.weight_h.clone().requires_grad_()
hidden, loss = torch.zeros(6, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
for e, target in zip(inputs, target_ids, strict=True):
    hidden = torch.tanh(weights.weight_e @ e + weight_h @ hidden + weights.bias)
    log_probs = torch.log_softmax(weights.weight_y @ hidden + weights.bias_y, dim=0)
    loss = loss - log_probs[target] / len(inputs)
(automatic,) = torch.autograd.grad(loss, weight_h)

difference = ((ours.weight_h - automatic).norm() / automatic.norm()).item()
print(f"relative difference of dL/dW_h: {difference:.1e}")
assert difference < 1e-10

# %% [markdown]
# ## Where the gradient comes from
#
# The part of each lag t - k. Most of it is from the last few steps.

# %%
norms = ours.by_lag_h.flatten(1).norm(dim=1)
for lag, share in enumerate((norms / norms.sum()).tolist()):
    print(f"lag {lag:2}: {share:8.4%}  {'#' * round(60 * share)}")

# %% [markdown]
# ## One Jacobian at a time
#
# Multiply the Jacobians from the last step back and look at the norm of the product.

# %%
states, _ = forward(weights, inputs)
product = torch.eye(6, dtype=torch.float64)
for k in range(len(inputs), 0, -1):
    product = product @ step_jacobian(weights, states[k])
    print(f"‖dh[{len(inputs)}]/dh[{k - 1}]‖ = {torch.linalg.matrix_norm(product, 2):.2e}")

# %% [markdown]
# Questions for the class: What happens when `weights.weight_h` is multiplied by 3? Why does the
# gradient of W_e have the same products in it?
