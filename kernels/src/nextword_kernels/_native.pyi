"""The compiled module. Shapes: T steps, B rows, H hidden, V vocabulary, E embedding, N rows."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

class Array(Protocol):
    """An object that supports DLPack, such as a tensor of torch or an array of NumPy."""

    def __dlpack__(self, /, *args: Any, **kwargs: Any) -> Any: ...
    def __dlpack_device__(self, /) -> Any: ...

Precision = Literal["float32", "bfloat16"]
NetworkCell = Literal["lstm", "gru", "tanh", "sigmoid", "relu"]
DiagonalCell = Literal["min_gru", "min_lstm"]

class NgramIndex:
    """Back-off n-gram tables with an index of their n-grams.

    The arrays are used, not copied. It is immutable and can be used by several threads.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        keys: Sequence[Array],  # int64, ascending: rank of the context * V + last word; order 2 on
        log_probs: Sequence[Array],  # float32, nats; order 1 first, (V) there
        backoffs: Sequence[Array],  # float32, logarithms; without the highest order
    ) -> None: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def order(self) -> int: ...
    @property
    def num_bytes(self) -> int:
        """Size of the index, without the arrays."""

    def find(self, order: int, context: int, word: int) -> int:
        """Return the rank of an n-gram, given the rank of its context; -1 if it is not stored."""

    def score(
        self,
        words: Array,  # (B, before + T) int64; -1 where there is no word
        target_ids: Array,  # (B, T) int64: the word after each of the last T words
        *,
        start_id: int,  # n-grams do not cross it
        log_probs: Array,  # (B, T) float32, written: nats
        orders: Array | None = None,  # (B, T) int64, written: length of the n-gram found
    ) -> None:
        """Score target words."""

class SentenceScorer:
    """Scores sentences of words by n-gram tables, as the module `kenlm` does."""

    def __init__(
        self,
        tables: NgramIndex,
        *,
        words: Sequence[str],
        ids: Array,  # int64: the id of each word
        unknown_id: int,
        start_id: int,
        end_id: int,
        start_log10: float,  # log10 probability of `<s>` as a word
    ) -> None: ...
    def score(self, sentence: str | bytes, bos: bool = True, eos: bool = True) -> float:
        """Return the log10 probability of the words between ASCII white space."""

    def score_ids(self, ids: Sequence[int], bos: bool = True) -> float:
        """Return the log10 probability of ids."""

    def full_scores(
        self, sentence: str | bytes, bos: bool = True, eos: bool = True
    ) -> list[tuple[float, int, bool]]:
        """Return (log10 probability, n-gram length, is unknown) of each word."""

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
    """How tokens are drawn.

    The order is repetition penalty, temperature, top-k, min-p, top-p, typical-p.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        temperature: float = 1.0,  # 0: the most probable token, the first of several
        top_k: int = 0,  # the most probable tokens, and all ties with the last of them; 0: all
        min_p: float = 0.0,  # least probability, as a fraction of the highest
        top_p: float = 1.0,  # the fewest most probable tokens whose probabilities sum to this
        # The tokens with log-probabilities nearest to the negative entropy that sum to this.
        typical_p: float = 1.0,
        repetition_penalty: float = 1.0,  # factor of the log-probabilities of seen ids
        banned_ids: Array | None = None,  # ids that are never drawn
    ) -> None: ...
    @property
    def typical_p(self) -> float: ...
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
        # (V, H) with the bias. With tails: the most frequent tokens, then a row for each tail.
        output: PackedRows,
        # An adaptive softmax: the projection (E, H) of each tail, and its tokens (N, E) with the
        # bias, in the order of their ids. Only tails that are needed are multiplied.
        tails: Sequence[tuple[PackedRows | None, PackedRows]] = (),
        residual: bool = False,  # from the second layer on, inputs are added to outputs
    ) -> None:
        """Check that all parts fit together. The array of tokens is used, not copied."""

    @property
    def cell(self) -> NetworkCell: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def num_tails(self) -> int: ...
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

# The following four are batch-first or flat. "G" is float32 or bfloat16, the dtype of `gates`; "R"
# is float32 or float64, the dtype of `decays`.

def diagonal_forward(
    gates: Array,  # G (B, T, 2H) or (B, T, 3H): W x + b
    *,
    cell: DiagonalCell,  # min_gru, with the gates z and candidate; min_lstm, with f, i, candidate
    initial_hidden: Array,  # (B, H)
    lengths: Array | None = None,  # (B): valid steps; beyond, outputs are 0 and states are kept
    outputs: Array,  # G (B, T, H), written
    final_hidden: Array,  # (B, H), written
    num_threads: int,
) -> None:
    """Run a minGRU or minLSTM layer."""

def diagonal_backward(
    gates: Array,
    *,
    cell: DiagonalCell,
    initial_hidden: Array,
    outputs: Array,
    grad_outputs: Array | None = None,  # G (B, T, H); 0 when None
    lengths: Array | None = None,
    grad_gates: Array,  # G, with the shape of `gates`, written
    grad_hidden: Array,  # (B, H): of the final state, overwritten with that of the initial state
    num_threads: int,
) -> None:
    """Run a minGRU or minLSTM layer backward."""

def recurrence_forward(
    decays: Array,  # R (T, N): a
    updates: Array,  # R (T, N): b
    *,
    initial: Array,  # R (N)
    states: Array,  # R (T, N), written
    num_threads: int,
) -> None:
    """Compute h[t] = a[t] * h[t-1] + b[t] in each of N units."""

def recurrence_backward(
    decays: Array,
    *,
    initial: Array,
    states: Array,
    grad_states: Array,  # R (T, N)
    grad_decays: Array,  # R (T, N), written
    grad_updates: Array,  # R (T, N), written
    grad_initial: Array,  # R (N), written
    num_threads: int,
) -> None:
    """Compute the gradients of a recurrence."""

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
