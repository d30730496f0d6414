// A recurrent language model with packed weights, and the arguments of its steps.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "../threads.hpp"
#include "packed_rows.hpp"
#include "sampler.hpp"

namespace nextword {

// Elman cells are named after their nonlinearity.
enum class CellKind { lstm, gru, tanh, sigmoid, relu };

constexpr int gates_of(CellKind cell) {
  return cell == CellKind::lstm ? 4 : (cell == CellKind::gru ? 3 : 1);
}

// Number of vectors in the state of a layer: the output, and the cell state of an LSTM.
constexpr int parts_of(CellKind cell) { return cell == CellKind::lstm ? 2 : 1; }

// Number of weights of a softmax in a block, which are summed in float32 before they are added to a
// float64.
inline constexpr std::ptrdiff_t kSumBlock = 512;

struct NetworkLayer {
  std::shared_ptr<const PackedRows> input;       // null in the first layer if there is a table
  std::shared_ptr<const PackedRows> recurrent;   // its bias is that of a GRU's candidate, else 0
  std::shared_ptr<const PackedRows> projection;  // null: the output is the hidden state
  std::ptrdiff_t hidden_size;
  std::ptrdiff_t output_size;
};

// A part of an adaptive softmax: rare words, scored on a projection of the output.
struct OutputTail {
  std::shared_ptr<const PackedRows> projection;  // null: the words have the full width
  std::shared_ptr<const PackedRows> words;
  std::ptrdiff_t first_id;
};

// What the first layer reads for each token: its input gates, or a vector to multiply.
struct TokenTable {
  const void* values;  // (vocab_size, width), float32 or bfloat16
  Element element;
  std::ptrdiff_t vocab_size;
  std::ptrdiff_t width;
  bool holds_gates;
};

// The memory of a call, reused by later calls.
struct Workspace {
  Memory memory;
  std::size_t num_bytes = 0;
};

class Network {
 public:
  // Throws std::invalid_argument if sizes or dtypes do not fit together.
  Network(CellKind cell, std::vector<NetworkLayer> layers, TokenTable tokens,
          std::shared_ptr<const PackedRows> output, std::vector<OutputTail> tails,
          bool is_residual);

  CellKind cell() const { return cell_; }
  Element element() const { return output_->element(); }
  const std::vector<NetworkLayer>& layers() const { return layers_; }
  const TokenTable& tokens() const { return tokens_; }
  // All tokens; with tails, the most frequent ones and then an entry for each tail.
  const PackedRows& output() const { return *output_; }
  const std::vector<OutputTail>& tails() const { return tails_; }
  std::ptrdiff_t vocab_size() const { return tokens_.vocab_size; }
  std::ptrdiff_t padded_vocab() const { return divide_up(vocab_size(), kPanel) * kPanel; }
  bool is_residual() const { return is_residual_; }
  std::size_t num_bytes() const;

  // Calls of several threads have a workspace each.
  Workspace borrow(std::size_t num_bytes) const;
  void give_back(Workspace workspace) const;

 private:
  CellKind cell_;
  std::vector<NetworkLayer> layers_;
  TokenTable tokens_;
  std::shared_ptr<const PackedRows> output_;
  std::vector<OutputTail> tails_;
  bool is_residual_;
  mutable std::mutex mutex_;
  mutable std::vector<Workspace> idle_;
};

// The memory of a call. Tokens that are given are read in windows of `window` steps, whose products
// with the inputs are computed together; a *place* is a row at a step of the window, in the order
// of steps. Places of sums and scores have the stride `width` in floats.
struct StepMemory {
  // Divides `memory`; without it, only `num_bytes` is right.
  StepMemory(const Network& network, std::ptrdiff_t num_rows, std::ptrdiff_t window,
             std::byte* memory);

  struct Operands {
    std::byte* words;  // (rows or places, row_words)
    float* scales;     // (rows or places), with int8
    std::ptrdiff_t row_words;
  };
  std::ptrdiff_t window;
  std::vector<Operands> hidden;  // of each layer's recurrent product, by row
  std::vector<Operands> inputs;  // of each layer's input product, by place; may be `hidden`
  std::vector<Operands> wide;    // of each layer's projection, by row; without `words` if not needed
  Operands top;                  // of the output layer, by place; may be `hidden`
  float* input_sums;             // (places, width) each
  float* recurrent_sums;         // by row in a layer
  float* outputs;  // of the layer below, then of the current layer
  float* scores;
  float* weights;
  float* block_sums;       // (places, num_blocks), of the weights
  float* highest_of_parts;  // (kMaxThreads), of the scores that each thread has computed
  int64_t* token_ids;      // (places)

  // With tails only, all by place.
  Operands tail_inputs;     // those that need a tail, without gaps
  Operands narrow;          // their projections
  int64_t* tail_rows;       // (places): the numbers of these
  int64_t* num_tail_rows;   // (1)
  int64_t* choices;         // (places): an id, or vocab_size + tail
  float* choice_log_probs;  // (places)
  double* remainders;       // (places), in [0, 1)
  float* tail_log_probs;    // (places, tails)
  std::ptrdiff_t width;
  std::ptrdiff_t num_blocks;
  std::size_t num_bytes;
};

// One call: it reads `num_steps` tokens in every row. Without samplers the tokens are given; with
// samplers only the first ones are, and each step reads what the step before has drawn.
struct NetworkSteps {
  const Network* network;
  std::ptrdiff_t num_steps;
  std::ptrdiff_t num_rows;
  const int64_t* token_ids;  // (num_steps, num_rows); with samplers (num_rows)
  const int64_t* slots;      // (num_rows), the row of each state; null: the same row
  float* const* parts;       // of every layer, (num_slots, size) each; overwritten
  float* log_probs;          // (num_steps, num_rows, vocab_size), written; null: not needed

  const Sampler* const* samplers;  // (num_rows); null: no token is drawn
  const double* uniforms;          // (num_rows, num_steps), in [0, 1)
  uint8_t* seen;                   // (num_rows, vocab_size), updated; null: no repetition penalty
  int64_t* drawn_ids;              // (num_rows, num_steps), written; -1: no choice, -2: NaN
  float* drawn_log_probs;          // (num_rows, num_steps), written
  const StepMemory* memory;
};

}  // namespace nextword
