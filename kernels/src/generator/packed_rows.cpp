#include "packed_rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace nextword {

namespace {

// The nearest bfloat16, ties to even; NaN stays NaN. Subnormal results are 0, as with the
// instruction.
uint16_t bfloat16_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value != value) return 0x7fc0;
  if ((bits & 0x7f800000u) == 0) return static_cast<uint16_t>(bits >> 16 & 0x8000u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// Value `at` of a row whose words have the panel's stride.
void put(std::byte* row, std::ptrdiff_t word_bytes, std::ptrdiff_t at, float value,
         Element element) {
  if (element == Element::float32) {
    std::memcpy(row + at * word_bytes, &value, sizeof value);
  } else {
    const uint16_t bits = bfloat16_bits(value);
    std::memcpy(row + at / 2 * word_bytes + at % 2 * 2, &bits, sizeof bits);
  }
}

void put(std::byte* row, std::ptrdiff_t word_bytes, std::ptrdiff_t at, int8_t code, Element) {
  std::memcpy(row + at / 4 * word_bytes + at % 4, &code, sizeof code);
}

}  // namespace

PackedRows::PackedRows(const float* weights, const float* bias, std::ptrdiff_t num_rows,
                       std::ptrdiff_t num_columns, Element element)
    : num_rows_(num_rows), num_columns_(num_columns), element_(element) {
  pack(weights);
  set_bias(bias);
}

PackedRows::PackedRows(const int8_t* codes, const float* scales, const float* bias,
                       std::ptrdiff_t num_rows, std::ptrdiff_t num_columns)
    : num_rows_(num_rows), num_columns_(num_columns), element_(Element::int8) {
  pack(codes);
  set_bias(bias);
  const auto num_bytes = static_cast<std::size_t>(padded_rows()) * 4;
  scales_ = allocate(num_bytes);
  offsets_ = allocate(num_bytes);
  std::memset(scales_.get(), 0, num_bytes);
  std::memset(offsets_.get(), 0, num_bytes);
  std::memcpy(scales_.get(), scales, static_cast<std::size_t>(num_rows) * 4);
  auto* offsets = reinterpret_cast<int32_t*>(offsets_.get());
  for (std::ptrdiff_t row = 0; row < num_rows; ++row) {
    int32_t sum = 0;
    for (std::ptrdiff_t at = 0; at < num_columns; ++at) sum += codes[row * num_columns + at];
    offsets[row] = 128 * sum;
  }
}

std::size_t PackedRows::num_bytes() const {
  const auto vectors = static_cast<std::size_t>(element_ == Element::int8 ? 3 : 1);
  return static_cast<std::size_t>(padded_rows()) * 4 *
         (static_cast<std::size_t>(num_words()) + vectors);
}

template <class Value>
void PackedRows::pack(const Value* values) {
  // Tiles of whole words read beyond the end.
  constexpr std::ptrdiff_t kTileWords = 16;
  const std::ptrdiff_t beyond = kTileWords * kGroupPanels * kPanel;
  const auto num_bytes = static_cast<std::size_t>(padded_rows() * num_words() + beyond) * 4;
  words_ = allocate(num_bytes);
  std::memset(words_.get(), 0, num_bytes);
  for (std::ptrdiff_t row = 0; row < num_rows_; ++row) {
    const std::ptrdiff_t panel = row / kPanel, index = panel / kGroupPanels;
    const std::ptrdiff_t word_bytes = panels_of(index) * kPanel * 4;
    std::byte* target = words_.get() + (group(index) - words_.get()) +
                        (panel % kGroupPanels * kPanel + row % kPanel) * 4;
    for (std::ptrdiff_t at = 0; at < num_columns_; ++at) {
      put(target, word_bytes, at, values[row * num_columns_ + at], element_);
    }
  }
}

void PackedRows::set_bias(const float* bias) {
  const auto num_rows = static_cast<std::size_t>(padded_rows());
  bias_ = allocate(num_rows * sizeof(float));
  auto* values = reinterpret_cast<float*>(bias_.get());
  std::fill_n(values, num_rows, -std::numeric_limits<float>::infinity());
  if (bias != nullptr) {
    std::copy_n(bias, num_rows_, values);
  } else {
    std::fill_n(values, num_rows_, 0.0f);
  }
}

}  // namespace nextword
