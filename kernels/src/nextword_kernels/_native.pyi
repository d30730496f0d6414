"""The compiled module. Shapes: T steps, B rows, H hidden, V vocabulary, E embedding, N rows."""

from typing import Any, Literal, Protocol

class Array(Protocol):
    """An object that supports DLPack, such as a tensor of torch or an array of NumPy."""

    def __dlpack__(self, /, *args: Any, **kwargs: Any) -> Any: ...
    def __dlpack_device__(self, /) -> Any: ...

Precision = Literal["float32", "bfloat16"]

class PackedMatrix:
    """A recurrent matrix, packed by `pack`. It is immutable and thread-safe."""

    @property
    def hidden_size(self) -> int: ...
    @property
    def num_gates(self) -> int: ...
    @property
    def precision(self) -> str: ...

def instruction_sets() -> list[str]:
    """Return the names of the instruction sets that can be used, best first."""

def instruction_set() -> str:
    """Return the name of the instruction set in use."""

def use_instruction_set(name: str) -> None:
    """Select the instruction set of all later calls."""

def share_openmp(path: str) -> None:
    """Run kernels on the threads of an OpenMP library that is already loaded, such as torch's.

    A forked child uses its own thread pool again.

    Raises:
        ValueError: It is not loaded, or is neither GNU's OpenMP nor a library with the same
            functions.
    """

def forget_openmp() -> None:
    """Run kernels on their own thread pool again."""

def count_barrier_failures(num_threads: int, num_rounds: int) -> int:
    """Run many barriers and return how many threads passed one too early, which must be 0."""

def pack(weights: Array, *, precision: Precision, num_threads: int) -> PackedMatrix:
    """Pack a recurrent matrix (gates * H, H), float32, of a cell with 1, 3 or 4 gates.

    With bfloat16 the operands of all products are bfloat16; sums and states are float32.
    """

# Dtypes below: "P" is the precision of the packed matrix. "K" is the dtype of stored gates:
# float32, or with bfloat16 int16 in steps of 1 / 32767. Ids and lengths are int64, all others
# float32.

def lstm_forward(
    weights: PackedMatrix,
    *,
    input_gates: Array,  # P (T, B, 4H): W x + b; gates i, f, g, o
    initial_hidden: Array,  # (B, H)
    initial_cell: Array,  # (B, H)
    lengths: Array | None = None,  # (B): valid steps; beyond, outputs are 0 and states are kept
    mask: Array | None = None,  # (B, H): multiplied with the hidden state before the product
    gates: Array | None = None,  # K (T, B, 4H), activated; may share memory with `input_gates`
    cells: Array | None = None,  # (T, B, H) after each step
    outputs: Array,  # P (T, B, H)
    final_hidden: Array,  # (B, H)
    final_cell: Array,  # (B, H)
    num_threads: int,
) -> None:
    """Run an LSTM layer; writes `gates`, `cells`, `outputs` and the final state."""

def lstm_backward(
    weights: PackedMatrix,
    *,
    gates: Array,  # as written by `lstm_forward`, like `cells`
    cells: Array,
    initial_cell: Array,
    grad_outputs: Array | None = None,  # P (T, B, H); 0 when None
    lengths: Array | None = None,
    mask: Array | None = None,
    grad_gates: Array,  # P (T, B, 4H), written; may be `gates`
    grad_hidden: Array,  # (B, H): of the final state, overwritten with that of the initial state
    grad_cell: Array,  # (B, H): likewise
    grad_bias: Array,  # (4H), written: `grad_gates` summed over steps and rows, in float32
    num_threads: int,
) -> None:
    """Run an LSTM layer backward."""

def gru_forward(
    weights: PackedMatrix,
    *,
    input_gates: Array,  # P (T, B, 3H); gates r, z, n
    initial_hidden: Array,
    recurrent_bias: Array | None = None,  # (H), of the candidate n, multiplied with the reset gate
    lengths: Array | None = None,
    mask: Array | None = None,
    gates: Array | None = None,  # K (T, B, 3H), activated; may share memory with `input_gates`
    candidates: Array | None = None,  # (T, B, H): U_n h + recurrent_bias
    outputs: Array,
    final_hidden: Array,
    num_threads: int,
) -> None:
    """Run a GRU layer with the reset gate after the product, as in torch."""

def gru_backward(
    weights: PackedMatrix,
    *,
    gates: Array,
    candidates: Array,
    outputs: Array,
    initial_hidden: Array,
    grad_outputs: Array | None = None,
    lengths: Array | None = None,
    mask: Array | None = None,
    grad_gates: Array,  # P (T, B, 3H), of the input gates; may be `gates`
    grad_candidates: Array,  # P (T, B, H), of `candidates`; may be `candidates`
    grad_hidden: Array,
    grad_bias: Array,  # (3H)
    grad_recurrent_bias: Array,  # (H)
    num_threads: int,
) -> None:
    """Run a GRU layer backward.

    The gradient of the recurrent matrix uses `grad_gates` for r and z, `grad_candidates` for n.
    """

def elman_forward(
    weights: PackedMatrix,
    *,
    input_gates: Array,  # P (T, B, H)
    initial_hidden: Array,
    nonlinearity: str,  # tanh, sigmoid or relu
    lengths: Array | None = None,
    mask: Array | None = None,
    gates: Array | None = None,  # (T, B, H): the outputs in float32; may be `input_gates`
    outputs: Array,
    final_hidden: Array,
    num_threads: int,
) -> None:
    """Run an Elman layer."""

def elman_backward(
    weights: PackedMatrix,
    *,
    gates: Array,
    nonlinearity: str,
    grad_outputs: Array | None = None,
    lengths: Array | None = None,
    mask: Array | None = None,
    grad_gates: Array,
    grad_hidden: Array,
    grad_bias: Array,
    num_threads: int,
) -> None:
    """Run an Elman layer backward."""

def cross_entropy_forward(
    logits: Array,  # (N, V), float32 or bfloat16; -inf is allowed
    target_ids: Array,  # (N)
    *,
    bias: Array | None = None,  # (V), float32, added to every row
    nll: Array,  # (N), nats, written
    log_sums: Array | None = None,  # (N), written: log of each row's sum of exp(logits)
    num_threads: int,
) -> None:
    """Compute the softmax cross-entropy of each row."""

def cross_entropy_backward(
    logits: Array,  # (N, V), as in forward; overwritten by their gradients
    target_ids: Array,  # (N)
    *,
    bias: Array | None = None,  # (V), as in forward
    log_sums: Array,  # (N), as written by forward
    row_gradients: Array,  # (N), of each row's loss
    grad_bias: Array | None = None,  # (V), written: the gradients summed over the rows
    num_threads: int,
) -> None:
    """Overwrite the logits with their gradients."""

def dropout(
    inputs: Array | None,  # any shape, float32 or bfloat16; ones when None
    *,
    outputs: Array,  # the same shape and dtype; may be `inputs`
    probability: float,  # of zeroing; the other values are scaled by 1 / (1 - probability)
    seed: int,
    offset: int,  # of the first counter; every 64 values, or fewer at the end, use 16 counters
    num_threads: int,
) -> None:
    """Apply dropout with a mask that is a function of seed, offset and index.

    The backward pass is the same call on the gradient. The instruction set and the number of
    threads do not change the mask.
    """

def transpose(
    matrix: Array,  # (rows, columns)
    *,
    out: Array,  # (columns, rows), float32 or bfloat16
    num_threads: int,
) -> None:
    """Write the transpose in the dtype of `out`."""
