# %% [markdown]
# # Cells
#
# One step of each cell, by its own equations, and what the gates of an LSTM do.

# %%
import torch

from nextword.cells import LSTM_GATES, ElmanCell, GruCell, LstmCell, LstmState

torch.manual_seed(0)
for cell in (ElmanCell(10, 4), GruCell(10, 4), LstmCell(10, 4)):
    outputs, state, gates = cell.traced_step(torch.randn(1, 10), cell.initial_state(1))
    count = sum(parameter.numel() for parameter in cell.parameters())
    print(f"{type(cell).__name__}: {count} parameters, state {state._fields}, gates {list(gates)}")

# %% [markdown]
# The numbers of parameters are m(n + m + 1) for the Elman cell and four times that for the LSTM.

# %%
n, m = 10, 4
assert sum(p.numel() for p in ElmanCell(n, m).parameters()) == m * (n + m + 1)
assert sum(p.numel() for p in LstmCell(n, m).parameters()) == 4 * m * (n + m + 1)

# %% [markdown]
# ## A cell that keeps its value
#
# With a forget gate of 1 and an input gate of 0 the cell state does not change, whatever is read.

# %%
cell = LstmCell(3, 2)
with torch.no_grad():
    bias = cell.bias.view(4, 2)
    bias[LSTM_GATES.index("forget_gate")] = 1000.0
    bias[LSTM_GATES.index("input_gate")] = -1000.0
state = LstmState(hidden_state=torch.zeros(1, 2), cell_state=torch.tensor([[0.3, -1.7]]))
for _ in range(1000):
    _, state = cell.step(torch.randn(1, 3), state)
print("after 1,000 steps:", state.cell_state.tolist())
assert torch.equal(state.cell_state, torch.tensor([[0.3, -1.7]]))

# %% [markdown]
# Questions for the class: Why can h never leave (-1, 1), and c can? What must the gates do to count
# the words since the last full stop?
