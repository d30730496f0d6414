// The recurrent matrix in the order in which the kernels read it: docs/packing-and-barrier.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "elements.hpp"

namespace nextword {

// Units side by side in a panel: one AVX-512 vector, two of AVX2, four of SSE or NEON.
inline constexpr int kPanel = 16;

constexpr std::ptrdiff_t divide_up(std::ptrdiff_t count, std::ptrdiff_t size) {
  return (count + size - 1) / size;
}

// Numbers that one 32-bit word holds: a float32, or a pair of bfloat16.
constexpr int per_word(Element element) { return element == Element::float32 ? 1 : 2; }

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

// Memory that begins on a cache line, not set. Throws std::bad_alloc.
Memory allocate(std::size_t num_bytes);

// Words along the inner axis of a product with the previous hidden state.
constexpr std::ptrdiff_t forward_words(std::ptrdiff_t hidden_size, Element element) {
  return divide_up(hidden_size, per_word(element));
}

// The same with the gate gradients, of which each gate begins a new word.
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
