"""The compiled module. Shapes: T steps, B rows, H hidden, V vocabulary, E embedding, N rows."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

class Array(Protocol):
    """An object that supports DLPack, such as a tensor of torch or an array of NumPy."""

    def __dlpack__(self, /, *args: Any, **kwargs: Any) -> Any: ...
    def __dlpack_device__(self, /) -> Any: ...

Precision = Literal["float32", "bfloat16"]
NetworkCell = Literal["lstm", "gru", "tanh", "sigmoid", "relu"]

class PackedMatrix:
    """A recurrent matrix, packed by `pack`. It is immutable and thread-safe."""

    @property
    def hidden_size(self) -> int: ...
    @property
    def num_gates(self) -> int: ...
    @property
    def precision(self) -> str: ...

class PackedRows:
    """A matrix and its bias, packed by `pack_rows` or `pack_codes`. It is immutable."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def precision(self) -> str: ...
    @property
    def num_bytes(self) -> int: ...

class Sampler:
    """How tokens are drawn: repetition penalty, temperature, top-k, min-p, top-p, in this order."""

    def __init__(
        self,
        *,
        vocab_size: int,
        temperature: float = 1.0,  # 0: the most probable token, the first of several
        top_k: int = 0,  # the most probable tokens, and all ties with the last of them; 0: all
        min_p: float = 0.0,  # least probability, as a fraction of the highest
        top_p: float = 1.0,  # the fewest most probable tokens whose probabilities sum to this
        repetition_penalty: float = 1.0,  # factor of the log-probabilities of seen ids
        banned_ids: Array | None = None,  # ids that are never drawn
    ) -> None: ...
    @property
    def repetition_penalty(self) -> float: ...

class RecurrentNetwork:
    """A stack of recurrent layers and a softmax, with packed weights.

    It is immutable and can be used by several threads. States are lists of arrays, one per part:
    the output of each layer, (rows, H), followed by its cell state if it is an LSTM.
    """

    def __init__(
        self,
        cell: NetworkCell,  # lstm or gru, or the nonlinearity of an Elman cell
        *,
        # For each layer: input matrix (G * H, inputs) with the bias; recurrent matrix (G * H, H),
        # with the bias of a GRU's candidate in the last third; and the projection of an LSTM.
        layers: Sequence[tuple[PackedRows | None, PackedRows, PackedRows | None]],
        tokens: Array,  # (V, E) float32; with `holds_gates` (V, G * H), float32 or bfloat16
        holds_gates: bool,  # the first layer's input gates are looked up; it has no input matrix
        output: PackedRows,  # (V, H) with the bias
        residual: bool = False,  # from the second layer on, inputs are added to outputs
    ) -> None:
        """Check that all parts fit together. The array of tokens is used, not copied."""

    @property
    def cell(self) -> NetworkCell: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def precision(self) -> str: ...
    @property
    def num_bytes(self) -> int: ...
    def read(
        self,
        token_ids: Array,  # (T, B)
        *,
        states: Sequence[Array],  # (B, H) each, or (slots, H); overwritten
        slots: Array | None = None,  # (B): row of the states, all different; 0 to B - 1 when None
        log_probs: Array | None = None,  # (T, B, V), written: of the token after each, nats
        num_threads: int,
    ) -> None:
        """Read tokens. Without `log_probs` the output layer is left out."""

    def generate(
        self,
        token_ids: Array,  # (B): read first; the last token drawn is not read
        *,
        states: Sequence[Array],
        slots: Array | None = None,
        samplers: Sequence[Sampler],  # one for each row, or one for all
        uniforms: Array,  # (B, T), float64 in [0, 1): one number for each token
        seen: Array | None = None,  # uint8 (B, V), updated; needed by a repetition penalty
        drawn_ids: Array,  # (B, T), written; -1 if no token can be drawn, -2 if there is NaN
        drawn_log_probs: Array,  # (B, T), written: before all filters, nats
        log_probs: Array | None = None,  # (T, B, V), written
        num_threads: int,
    ) -> None:
        """Read a token in each row, draw the next one, and repeat."""

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

def pack_rows(weights: Array, *, bias: Array | None = None, precision: Precision) -> PackedRows:
    """Pack a matrix (rows, columns) and its bias (rows), both float32, for a network."""

def pack_codes(codes: Array, *, scales: Array, bias: Array | None = None) -> PackedRows:
    """Pack a matrix whose row r is `scales[r] * codes[r]`, with int8 codes from -127 to 127.

    The operands of its products are rounded to 8 bits too, with one step per vector.
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
