// A matrix packed for products with few operands at a time: docs/generator.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../packing.hpp"

namespace nextword {

// Panels of 16 rows that are multiplied together.
inline constexpr int kGroupPanels = 4;

// The largest number of columns with int8: the sums of products are 32-bit integers.
inline constexpr std::ptrdiff_t kMostInt8Columns = 65536;

// A matrix (num_rows, num_columns) and a bias, in groups of panels: [word][panel][row]. It is
// immutable.
class PackedRows {
 public:
  // Rounds to float32 or bfloat16. `bias` may be null.
  PackedRows(const float* weights, const float* bias, std::ptrdiff_t num_rows,
             std::ptrdiff_t num_columns, Element element);

  // Row r is scales[r] * codes[r], with codes in [-127, 127]. `bias` may be null.
  PackedRows(const int8_t* codes, const float* scales, const float* bias, std::ptrdiff_t num_rows,
             std::ptrdiff_t num_columns);

  Element element() const { return element_; }
  std::ptrdiff_t num_rows() const { return num_rows_; }
  std::ptrdiff_t num_columns() const { return num_columns_; }
  std::ptrdiff_t num_panels() const { return divide_up(num_rows_, kPanel); }
  std::ptrdiff_t num_groups() const { return divide_up(num_panels(), kGroupPanels); }
  // The number of rows with those that fill the last panel; their sums are -inf.
  std::ptrdiff_t padded_rows() const { return num_panels() * kPanel; }
  std::ptrdiff_t num_words() const { return divide_up(num_columns_, per_word(element_)); }
  std::size_t num_bytes() const;

  const std::byte* group(std::ptrdiff_t index) const {
    return words_.get() + index * kGroupPanels * num_words() * kPanel * 4;
  }
  int panels_of(std::ptrdiff_t group) const {
    const std::ptrdiff_t left = num_panels() - group * kGroupPanels;
    return static_cast<int>(left < kGroupPanels ? left : kGroupPanels);
  }

  // Of every padded row.
  const float* bias() const { return reinterpret_cast<const float*>(bias_.get()); }
  // With int8: the step of each row, and 128 times the sum of its codes.
  const float* scales() const { return reinterpret_cast<const float*>(scales_.get()); }
  const int32_t* offsets() const { return reinterpret_cast<const int32_t*>(offsets_.get()); }

 private:
  template <class Value>
  void pack(const Value* values);
  void set_bias(const float* bias);

  std::ptrdiff_t num_rows_;
  std::ptrdiff_t num_columns_;
  Element element_;
  Memory words_;
  Memory bias_;
  Memory scales_;
  Memory offsets_;
};

}  // namespace nextword
