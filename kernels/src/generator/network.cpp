#include "network.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace nextword {

namespace {

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

std::string text(std::ptrdiff_t number) { return std::to_string(number); }

void check_size(const PackedRows& matrix, const std::string& name, std::ptrdiff_t num_rows,
                std::ptrdiff_t num_columns) {
  require(matrix.num_rows() == num_rows && matrix.num_columns() == num_columns,
          name + " has the shape (" + text(matrix.num_rows()) + ", " + text(matrix.num_columns()) +
              "); it must be (" + text(num_rows) + ", " + text(num_columns) + ").");
}

// Divides memory into arrays that begin at cache lines; counts bytes only if there is none.
class Divider {
 public:
  explicit Divider(std::byte* memory) : memory_(memory) {}

  template <class T>
  T* take(std::ptrdiff_t count) {
    constexpr std::size_t kCacheLine = 64;
    const std::size_t at = num_bytes_;
    const std::size_t size = static_cast<std::size_t>(count) * sizeof(T);
    num_bytes_ += (size / kCacheLine + 1) * kCacheLine;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
  }

  StepMemory::Operands operands(std::ptrdiff_t num_rows, std::ptrdiff_t size, Element element) {
    const std::ptrdiff_t row_words = divide_up(size, per_word(element));
    return {take<std::byte>(num_rows * row_words * 4), take<float>(num_rows), row_words};
  }

  std::size_t num_bytes() const { return num_bytes_; }

 private:
  std::byte* memory_;
  std::size_t num_bytes_ = 0;
};

}  // namespace

Network::Network(CellKind cell, std::vector<NetworkLayer> layers, TokenTable tokens,
                 std::shared_ptr<const PackedRows> output, std::vector<OutputTail> tails,
                 bool is_residual)
    : cell_(cell),
      layers_(std::move(layers)),
      tokens_(tokens),
      output_(std::move(output)),
      tails_(std::move(tails)),
      is_residual_(is_residual) {
  require(!layers_.empty(), "a network has at least one layer.");
  const auto num_tails = static_cast<std::ptrdiff_t>(tails_.size());
  require(output_->num_rows() >= num_tails, "the output layer has " + text(output_->num_rows()) +
                                                " rows for " + text(num_tails) + " tails.");
  std::ptrdiff_t num_tokens = output_->num_rows() - num_tails;
  for (OutputTail& tail : tails_) {
    tail.first_id = num_tokens;
    num_tokens += tail.words->num_rows();
  }
  require(tokens_.vocab_size == num_tokens, "the table has " + text(tokens_.vocab_size) +
                                                " tokens; the output layer has " +
                                                text(num_tokens) + ".");
  std::ptrdiff_t below = tokens_.width;
  for (std::size_t depth = 0; depth < layers_.size(); ++depth) {
    NetworkLayer& layer = layers_[depth];
    const std::string name = " of layer " + std::to_string(depth);
    const bool has_table = depth == 0 && tokens_.holds_gates;
    require((layer.input == nullptr) == has_table,
            "the input matrix" + name +
                (has_table ? " is given, but there is a table." : " is missing."));
    const std::ptrdiff_t num_gates = gates_of(cell_);
    layer.hidden_size = layer.recurrent->num_rows() / num_gates;
    layer.output_size = layer.recurrent->num_columns();
    check_size(*layer.recurrent, "the recurrent matrix" + name, num_gates * layer.hidden_size,
               layer.projection == nullptr ? layer.hidden_size : layer.output_size);
    require(layer.projection == nullptr || cell_ == CellKind::lstm,
            "layer " + std::to_string(depth) + " has a projection, but only an LSTM can have one.");
    if (layer.projection != nullptr) {
      check_size(*layer.projection, "the projection" + name, layer.output_size, layer.hidden_size);
    }
    if (has_table) {
      check_size(*layer.recurrent, "the recurrent matrix" + name, tokens_.width, layer.output_size);
    } else {
      check_size(*layer.input, "the input matrix" + name, num_gates * layer.hidden_size, below);
    }
    require(!is_residual_ || depth == 0 || layer.output_size == below,
            "layer " + std::to_string(depth) + " has " + text(layer.output_size) + " outputs and " +
                text(below) + " inputs; a residual connection adds them.");
    for (const auto& matrix : {layer.input, layer.recurrent, layer.projection}) {
      require(matrix == nullptr || matrix->element() == output_->element(),
              "a matrix" + name + " has another precision than the output layer.");
    }
    below = layer.output_size;
  }
  require(output_->num_columns() == below, "the output layer has " + text(output_->num_columns()) +
                                               " columns; the last layer has " + text(below) +
                                               " outputs.");
  for (std::size_t index = 0; index < tails_.size(); ++index) {
    const auto& projection = tails_[index].projection;
    const auto& words = tails_[index].words;
    const std::string name = " of tail " + std::to_string(index);
    if (projection != nullptr) {
      check_size(*projection, "the projection" + name, words->num_columns(), below);
    }
    check_size(*words, "the matrix" + name, words->num_rows(),
               projection == nullptr ? below : projection->num_rows());
    for (const auto& matrix : {projection, words}) {
      require(matrix == nullptr || matrix->element() == output_->element(),
              "a matrix" + name + " has another precision than the output layer.");
    }
  }
}

std::size_t Network::num_bytes() const {
  std::size_t sum = output_->num_bytes();
  for (const NetworkLayer& layer : layers_) {
    for (const auto& matrix : {layer.input, layer.recurrent, layer.projection}) {
      if (matrix != nullptr) sum += matrix->num_bytes();
    }
  }
  for (const OutputTail& tail : tails_) {
    sum += tail.words->num_bytes();
    if (tail.projection != nullptr) sum += tail.projection->num_bytes();
  }
  return sum;
}

Workspace Network::borrow(std::size_t num_bytes) const {
  Workspace workspace;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      workspace = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (workspace.num_bytes < num_bytes) workspace = {allocate(num_bytes), num_bytes};
  return workspace;
}

void Network::give_back(Workspace workspace) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(workspace));
}

StepMemory::StepMemory(const Network& network, std::ptrdiff_t num_rows, std::ptrdiff_t window,
                       std::byte* memory)
    : window(window) {
  Divider divider(memory);
  const std::ptrdiff_t num_places = num_rows * window;
  // With one step and no residual connection, a layer's output is the next one's input as it is.
  const bool is_shared = window == 1 && !network.is_residual();
  const Element element = network.element();
  width = std::max(network.output().padded_rows(), network.padded_vocab());
  for (const OutputTail& tail : network.tails()) {
    width = std::max(width, tail.words->padded_rows());
    width = std::max(width, tail.words->num_columns() + kPanel);
  }
  std::ptrdiff_t below = network.tokens().width;
  for (std::size_t depth = 0; depth < network.layers().size(); ++depth) {
    const NetworkLayer& layer = network.layers()[depth];
    // Vectors at the end of the last gate are loaded whole.
    width = std::max(width, layer.recurrent->padded_rows() + kPanel);
    width = std::max(width, std::max(layer.output_size, below) + kPanel);
    hidden.push_back(divider.operands(num_rows, layer.output_size, element));
    const bool has_inputs = layer.input != nullptr && (depth == 0 || !is_shared);
    inputs.push_back(has_inputs ? divider.operands(num_places, below, element) : Operands{});
    const bool is_wide = layer.projection != nullptr;
    wide.push_back(is_wide ? divider.operands(num_rows, layer.hidden_size, element) : Operands{});
    if (depth > 0 && is_shared) inputs[depth] = hidden[depth - 1];
    below = layer.output_size;
  }
  top = is_shared ? hidden.back() : divider.operands(num_places, below, element);
  input_sums = divider.take<float>(num_places * width);
  recurrent_sums = divider.take<float>(num_places * width);
  outputs = divider.take<float>(num_places * width);
  scores = divider.take<float>(num_places * width);
  weights = divider.take<float>(num_places * width);
  num_blocks = divide_up(width, kSumBlock);
  block_sums = divider.take<float>(num_places * num_blocks);
  highest_of_parts = divider.take<float>(kMaxThreads);
  token_ids = divider.take<int64_t>(num_places);
  if (!network.tails().empty()) {
    std::ptrdiff_t widest = 1;
    for (const OutputTail& tail : network.tails()) {
      widest = std::max(widest, tail.words->num_columns());
    }
    tail_inputs = divider.operands(num_places, below, element);
    narrow = divider.operands(num_places, widest, element);
    tail_rows = divider.take<int64_t>(num_places);
    num_tail_rows = divider.take<int64_t>(1);
    choices = divider.take<int64_t>(num_places);
    choice_log_probs = divider.take<float>(num_places);
    remainders = divider.take<double>(num_places);
    tail_log_probs =
        divider.take<float>(num_places * static_cast<std::ptrdiff_t>(network.tails().size()));
  }
  num_bytes = divider.num_bytes();
}

}  // namespace nextword
