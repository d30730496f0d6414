# %% [markdown]
# # Vanishing gradients
#
# The norm of the gradient of a loss with respect to the hidden state k steps before it, for an
# Elman network and an LSTM with random weights.

# %%
import torch

from nextword.families import NetworkSpec, RecurrentConfig
from nextword.models import model_trace
from nextword.tokens import VocabularySpec

VOCABULARY = VocabularySpec(vocab_size=30, boundary_id=0, start_id=0)
LENGTH = 40


def gradient_by_lag(config):
    """Return the norm of the gradient at lag 1, 2, ..., relative to that at lag 1."""
    torch.manual_seed(0)
    model = config.build(NetworkSpec(vocabulary=VOCABULARY)).double()
    token_ids = torch.randint(30, (8, LENGTH))
    trace = model_trace(model, token_ids)
    name = "cell_state" if "cell_state" in trace.layers[0].steps[0].states else "hidden_state"
    # The last cell state reaches the output through the hidden state only, so lags begin with 1.
    states = [step.states[name] for step in trace.layers[0].steps[:-1]]
    loss = -trace.log_probs[:, -1, 5].sum()
    norms = [each.norm(dim=1).mean().item() for each in torch.autograd.grad(loss, states)]
    return [norm / norms[-1] for norm in reversed(norms)]


# %%
curves = {
    "Elman, sigmoid": gradient_by_lag(
        RecurrentConfig(cell="elman", nonlinearity="sigmoid", hidden_size=32, tied=False)
    ),
    "Elman, tanh": gradient_by_lag(RecurrentConfig(cell="elman", hidden_size=32, tied=False)),
    "LSTM, forget bias 1": gradient_by_lag(RecurrentConfig(hidden_size=32, tied=False)),
    "LSTM, forget bias 5": gradient_by_lag(
        RecurrentConfig(hidden_size=32, forget_bias=5.0, tied=False)
    ),
}
print(f"{'lag':>20} {'5':>9} {'10':>9} {'20':>9} {'39':>9}")
for name, values in curves.items():
    print(f"{name:>20} " + " ".join(f"{values[lag - 1]:9.1e}" for lag in (5, 10, 20, 39)))
assert curves["Elman, sigmoid"][19] < 1e-10 < 1e-2 < curves["LSTM, forget bias 5"][19]

# %% [markdown]
# ## A picture
#
# Remove the comment signs where matplotlib can show windows or inline pictures.

# %%
# import matplotlib.pyplot as plt
# for name, values in curves.items():
#     plt.semilogy(values, label=name)
# plt.xlabel("lag"); plt.ylabel("gradient, relative to lag 1"); plt.legend(); plt.show()

# %% [markdown]
# Questions for the class: Which factor does a step have in each curve? Why does the forget bias
# matter so much? What would `recurrent_initialization="orthogonal"` change?
