// The product of a few operands with a packed matrix.
#pragma once

#include "operand.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// Sums in float32: with int8 they are integers before.
template <class Number>
inline Floats finished(const PackedRows& matrix, std::ptrdiff_t at, Floats sums, float scale) {
  const Floats bias = load(matrix.bias() + at);
  if constexpr (element_of<Number> == Element::int8) {
    Ints offsets;
    __builtin_memcpy(&offsets, matrix.offsets() + at, sizeof offsets);
    // The operand's codes are 128 too large.
    const Floats whole = __builtin_convertvector((Ints)sums - offsets, Floats);
    return whole * (load(matrix.scales() + at) * scale) + bias;
  } else {
    return sums + bias;
  }
}

// Multiplies all operands with the rows in some groups, and adds the bias:
// `results[row * stride + matrix row]`.
template <class Number>
inline void multiply(const PackedRows& matrix, const StepMemory::Operands& operands,
                     std::ptrdiff_t num_operands, Member::Range groups, float* results,
                     std::ptrdiff_t stride) {
  const Operand operand{operands.words, operands.row_words};
  for (std::ptrdiff_t group = groups.begin; group < groups.end; ++group) {
    with_constant<kGroupPanels>(matrix.panels_of(group), [&](auto num_panels) {
      constexpr int kColumns = decltype(num_panels)::value;
      const Columns columns{matrix.group(group), kPanel * 4, kColumns * kPanel * 4};
      multiply_rows<Number, kColumns>(
          operand, num_operands, columns,
          [&](std::ptrdiff_t row, int slice, const Floats(&sums)[kColumns]) {
            const std::ptrdiff_t first = group * kGroupPanels * kPanel + slice * kLanes;
            for (int column = 0; column < kColumns; ++column) {
              const std::ptrdiff_t at = first + column * kPanel;
              store(results + row * stride + at,
                    finished<Number>(matrix, at, sums[column], operands.scales[row]));
            }
          });
    });
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
