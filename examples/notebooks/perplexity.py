# %% [markdown]
# # Perplexity
#
# The perplexity of a text is e to the power of the mean loss in nats, or 2 to the power of the mean
# loss in bits. It is the number of sides of a fair die that is as hard to predict.

# %%
import math

import torch

from nextword.base import nats_to_bits, perplexity
from nextword.families import NetworkSpec, RecurrentConfig
from nextword.tokens import VocabularySpec

probabilities = [0.5, 0.25, 0.125, 0.125]
nll_sum = -sum(map(math.log, probabilities))
product = math.prod(1 / p for p in probabilities) ** (1 / len(probabilities))
bits = nats_to_bits(nll_sum / len(probabilities))
print(product, perplexity(nll_sum, len(probabilities)), 2**bits)
assert math.isclose(product, 2**bits)

# %% [markdown]
# ## A model that knows nothing
#
# With all weights 0 every token has the same probability, and the perplexity is the size of the
# vocabulary.

# %%
vocabulary = VocabularySpec(vocab_size=50, boundary_id=0, start_id=0)
model = RecurrentConfig(hidden_size=8, tied=False).build(NetworkSpec(vocabulary=vocabulary))
with torch.no_grad():
    for parameter in model.parameters():
        parameter.zero_()
    ids = torch.randint(50, (1, 101))
    nll, _ = model.nll(ids[:, :-1], ids[:, 1:], model.initial_state(1))
print(perplexity(nll.sum().item(), 100))
assert math.isclose(perplexity(nll.sum().item(), 100), 50.0, rel_tol=1e-5)

# %% [markdown]
# ## One bad token
#
# A single token with a probability of one in a billion among 100 with 0.5:

# %%
good = -math.log(0.5)
print(perplexity(100 * good, 100), perplexity(99 * good + math.log(1e9), 100))

# %% [markdown]
# Questions for the class: Can models with different vocabularies be compared by their perplexity
# per token? What does a token with probability 0 do?
