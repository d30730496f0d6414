// The arguments of the kernels: plain pointers, checked by the bindings.
//
// Arrays are contiguous and time-major, (num_steps, batch_size, ...), unless their struct says
// otherwise. `Element` marks arrays with the dtype of the matrix products. `Kept` marks stored activated gates: float32, or Fixed16 if the
// products are bfloat16. All others are float32. The comment of a pointer that may be null explains
// null.
#pragma once

#include <cstddef>
#include <cstdint>

#include "elements.hpp"
#include "packing.hpp"

namespace nextword {

enum class Nonlinearity { tanh, sigmoid, relu };

// The recurrent matrix and the destination of packing; the sizes are those of PackedMatrix.
struct PackArguments {
  Element element;
  std::ptrdiff_t hidden_size;
  int num_gates;
  const float* weights;  // (num_gates * hidden_size, hidden_size)
  std::byte* forward;
  std::byte* backward;
};

// The arguments of every recurrent layer, in both directions.
struct Layer {
  const PackedMatrix* weights;
  std::ptrdiff_t num_steps;
  std::ptrdiff_t batch_size;
  const int64_t* lengths;  // (batch_size); null: all steps are valid
  const float* mask;       // (batch_size, hidden_size), times the previous hidden state; null: 1
  std::byte* operands;     // two operands of a step's product, zeroed

  std::ptrdiff_t hidden_size() const { return weights->hidden_size(); }
  bool is_active(std::ptrdiff_t step, std::ptrdiff_t row) const {
    return lengths == nullptr || step < lengths[row];
  }
};

// Gates in the order i, f, g, o.
struct LstmForward {
  Layer layer;
  const void* input_gates;      // Element (T, B, 4H): the input's products and the bias
  const float* initial_hidden;  // (B, H)
  const float* initial_cell;    // (B, H)
  void* gates;                  // Kept (T, B, 4H); may be `input_gates`; null: not kept
  float* cells;                 // (T, B, H) after each step; null: not kept
  void* outputs;                // Element (T, B, H)
  float* final_hidden;          // (B, H)
  float* final_cell;            // (B, H)
};

struct LstmBackward {
  Layer layer;
  const void* gates;  // Kept
  const float* cells;
  const float* initial_cell;
  const void* grad_outputs;  // Element (T, B, H); null: 0
  void* grad_gates;          // Element (T, B, 4H); may be `gates`
  float* grad_hidden;        // (B, H): of the final state on entry, of the initial one on return
  float* grad_cell;          // (B, H): likewise
  float* grad_bias;          // (4H)
};

// Gates in the order r, z, n; n = tanh(input + r * (U h + recurrent_bias)).
struct GruForward {
  Layer layer;
  const void* input_gates;      // Element (T, B, 3H)
  const float* recurrent_bias;  // (H), of the candidate; null: 0
  const float* initial_hidden;  // (B, H)
  void* gates;                  // Kept (T, B, 3H); may be `input_gates`; null: not kept
  float* candidates;            // (T, B, H): U h + recurrent_bias; null: not kept
  void* outputs;                // Element (T, B, H)
  float* final_hidden;          // (B, H)
};

struct GruBackward {
  Layer layer;
  const void* gates;  // Kept
  const float* candidates;
  const void* outputs;          // Element (T, B, H), of the forward pass
  const float* initial_hidden;  // (B, H)
  const void* grad_outputs;     // Element (T, B, H); null: 0
  void* grad_gates;             // Element (T, B, 3H); may be `gates`
  void* grad_candidates;        // Element (T, B, H); may be `candidates`
  float* grad_hidden;           // (B, H): of the final state on entry, of the initial on return
  float* grad_bias;             // (3H)
  float* grad_recurrent_bias;   // (H)
};

struct ElmanForward {
  Layer layer;
  Nonlinearity nonlinearity;
  const void* input_gates;      // Element (T, B, H)
  const float* initial_hidden;  // (B, H)
  float* gates;                 // (T, B, H) activated; may be `input_gates`; null: not kept
  void* outputs;                // Element (T, B, H)
  float* final_hidden;          // (B, H)
};

struct ElmanBackward {
  Layer layer;
  Nonlinearity nonlinearity;
  const float* gates;
  const void* grad_outputs;  // Element (T, B, H); null: 0
  void* grad_gates;          // Element (T, B, H); may be `gates`
  float* grad_hidden;        // (B, H): of the final state on entry, of the initial on return
  float* grad_bias;          // (H)
};

// The gates of these cells depend on the inputs alone.
enum class DiagonalCell { min_gru, min_lstm };

// The arguments of a diagonal layer in both directions. Its arrays are batch-first.
struct DiagonalLayer {
  DiagonalCell cell;
  Element element;
  std::ptrdiff_t batch_size;
  std::ptrdiff_t num_steps;
  std::ptrdiff_t hidden_size;
  const void* gates;            // Element (B, T, G * H): the input's products and the bias
  const float* initial_hidden;  // (B, H)
  const int64_t* lengths;       // (B); null: all steps are valid

  bool is_active(std::ptrdiff_t step, std::ptrdiff_t row) const {
    return lengths == nullptr || step < lengths[row];
  }
};

struct DiagonalForward {
  DiagonalLayer layer;
  void* outputs;        // Element (B, T, H)
  float* final_hidden;  // (B, H)
};

struct DiagonalBackward {
  DiagonalLayer layer;
  const void* outputs;       // Element (B, T, H), of the forward pass
  const void* grad_outputs;  // Element (B, T, H); null: 0
  void* grad_gates;          // Element (B, T, G * H)
  float* grad_hidden;        // (B, H): of the final state on entry, of the initial on return
};

// h[t] = a[t] * h[t-1] + b[t] in each of N units; all arrays are float32 or all float64.
struct RecurrenceForward {
  bool is_float64;
  std::ptrdiff_t num_steps;
  std::ptrdiff_t width;
  const void* decays;   // (T, N): a
  const void* updates;  // (T, N): b
  const void* initial;  // (N)
  void* states;         // (T, N), after each step
};

struct RecurrenceBackward {
  bool is_float64;
  std::ptrdiff_t num_steps;
  std::ptrdiff_t width;
  const void* decays;
  const void* initial;
  const void* states;
  const void* grad_states;  // (T, N)
  void* grad_decays;        // (T, N)
  void* grad_updates;       // (T, N)
  void* grad_initial;       // (N)
};

struct CrossEntropyForward {
  Element element;
  std::ptrdiff_t num_rows;
  std::ptrdiff_t vocab_size;
  const void* logits;         // Element (N, V)
  const float* bias;          // (V), added to every row of the logits; null: none
  const int64_t* target_ids;  // (N), each in [0, vocab_size)
  float* nll;                 // (N), nats
  float* log_sums;            // (N): log of the sum of exp(logits); null: not computed
};

struct CrossEntropyBackward {
  Element element;
  std::ptrdiff_t num_rows;
  std::ptrdiff_t vocab_size;
  void* logits;                // Element (N, V); overwritten by their gradients
  const float* bias;           // (V), as in forward
  const int64_t* target_ids;   // (N), each in [0, vocab_size)
  const float* log_sums;       // (N), as written by forward
  const float* row_gradients;  // (N), of each row's loss
  float* grad_bias;            // (V): sum of the gradients over the rows; null: not computed
  float* partial_sums;         // (num_threads, V) if `grad_bias` is not null
};

struct Transpose {
  Element element;
  std::ptrdiff_t num_rows;
  std::ptrdiff_t num_columns;
  const float* matrix;  // (num_rows, num_columns)
  void* out;            // Element (num_columns, num_rows)
};

struct Dropout {
  Element element;
  std::ptrdiff_t num_elements;
  const void* inputs;  // Element; null: ones
  void* outputs;       // Element; may be `inputs`
  double probability;  // of zeroing, in [0, 1]
  uint64_t seed;
  uint64_t offset;  // counters used before
};

}  // namespace nextword
