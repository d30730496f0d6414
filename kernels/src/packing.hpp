// The packed recurrent matrix, in the order in which kernels read it: docs/packing-and-barrier.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "elements.hpp"

namespace nextword {

// Number of units in a panel: one AVX-512 vector, two AVX2 vectors, four of SSE or NEON.
inline constexpr int kPanel = 16;

constexpr std::ptrdiff_t divide_up(std::ptrdiff_t count, std::ptrdiff_t size) {
  return (count + size - 1) / size;
}

// Number of values in a 32-bit word: one float32, two bfloat16, or four int8.
constexpr int per_word(Element element) {
  return element == Element::float32 ? 1 : (element == Element::bfloat16 ? 2 : 4);
}

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

// Allocates uninitialized memory, aligned to a cache line. Throws std::bad_alloc.
Memory allocate(std::size_t num_bytes);

// Number of words along the inner axis of a product with the previous hidden state.
constexpr std::ptrdiff_t forward_words(std::ptrdiff_t hidden_size, Element element) {
  return divide_up(hidden_size, per_word(element));
}

// The same for the gradients of the gates, where each gate begins with a new word.
constexpr std::ptrdiff_t backward_words(std::ptrdiff_t hidden_size, int num_gates,
                                        Element element) {
  return num_gates * divide_up(hidden_size, per_word(element));
}

// A recurrent matrix (num_gates * hidden_size, hidden_size), packed for both directions.
class PackedMatrix {
 public:
  PackedMatrix(const float* weights, std::ptrdiff_t hidden_size, int num_gates, Element element,
               int num_threads);

  std::ptrdiff_t hidden_size() const { return hidden_size_; }
  int num_gates() const { return num_gates_; }
  Element element() const { return element_; }
  std::ptrdiff_t num_panels() const { return divide_up(hidden_size_, kPanel); }

  // Panel by panel: [word][gate][unit].
  const std::byte* forward() const { return forward_.get(); }
  std::ptrdiff_t forward_panel_bytes() const {
    return forward_words(hidden_size_, element_) * num_gates_ * kPanel * 4;
  }

  // Panel by panel: [gate and word][unit], of the transposed matrix.
  const std::byte* backward() const { return backward_.get(); }
  std::ptrdiff_t backward_panel_bytes() const {
    return backward_words(hidden_size_, num_gates_, element_) * kPanel * 4;
  }

 private:
  std::ptrdiff_t hidden_size_;
  int num_gates_;
  Element element_;
  Memory forward_;
  Memory backward_;
};

}  // namespace nextword
