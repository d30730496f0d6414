// The product of a few operands with a packed matrix.
#pragma once

#include "operand.hpp"
#include "tile_product.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// Sums in float32: with int8 they are integers before.
template <class Number>
inline Floats finished(const PackedRows& matrix, std::ptrdiff_t at, Floats sums, float scale) {
  const Floats bias = load(matrix.bias() + at);
  if constexpr (element_of<Number> == Element::int8) {
    Ints offsets = {};
    // The operand's codes are 128 too large.
    if (!kSignedCodes) __builtin_memcpy(&offsets, matrix.offsets() + at, sizeof offsets);
    const Floats whole = __builtin_convertvector((Ints)sums - offsets, Floats);
    return whole * (load(matrix.scales() + at) * scale) + bias;
  } else {
    return sums + bias;
  }
}

// Multiplies one operand with the columns of a group, like `multiply_rows`, and asks for the weights
// in advance: a processor's own prefetching ends at each page of 4 KiB.
template <class Number, int kColumns, class Finish>
inline void multiply_one(const Operand& operand, const Columns& columns, Finish&& finish) {
  constexpr std::ptrdiff_t kAhead = 4096;
  Floats sums[kSlices][kColumns] = {};
  const std::byte* weights = columns.words;
  for (std::ptrdiff_t word = 0; word < operand.row_words; ++word) {
    uint32_t value;
    __builtin_memcpy(&value, operand.words + word * 4, sizeof value);
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) {
      __builtin_prefetch(weights + kAhead + column * columns.column_bytes);
    }
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) {
#pragma GCC unroll 4
      for (int slice = 0; slice < kSlices; ++slice) {
        const std::byte* place = weights + column * columns.column_bytes + slice * kLanes * 4;
        sums[slice][column] = multiply_add(Number{}, load_words(place), value, sums[slice][column]);
      }
    }
    weights += columns.word_bytes;
  }
  for (int slice = 0; slice < kSlices; ++slice) finish(0, slice, sums[slice]);
}

// Multiplies all operands with the rows in some groups, and adds the bias:
// `results[row * stride + matrix row]`.
template <class Number>
inline void multiply(const PackedRows& matrix, const StepMemory::Operands& operands,
                     std::ptrdiff_t num_operands, Member::Range groups, float* results,
                     std::ptrdiff_t stride) {
  const Operand operand{operands.words, operands.row_words};
#if defined(NEXTWORD_HAS_TILES)
  if constexpr (element_of<Number> != Element::float32) {
    if (num_operands >= kLeastTileOperands) {
      for (std::ptrdiff_t group = groups.begin; group < groups.end; ++group) {
        multiply_with_tiles<Number>(
            operand, num_operands, matrix.group(group), matrix.panels_of(group),
            [&](std::ptrdiff_t row, int panel, Floats sums) {
              const std::ptrdiff_t at = (group * kGroupPanels + panel) * kPanel;
              store(results + row * stride + at,
                    finished<Number>(matrix, at, sums, operands.scales[row]));
            });
      }
      return;
    }
  }
#endif
  for (std::ptrdiff_t group = groups.begin; group < groups.end; ++group) {
    with_constant<kGroupPanels>(matrix.panels_of(group), [&](auto num_panels) {
      constexpr int kColumns = decltype(num_panels)::value;
      const Columns columns{matrix.group(group), kPanel * 4, kColumns * kPanel * 4};
      const auto finish = [&](std::ptrdiff_t row, int slice, const Floats(&sums)[kColumns]) {
        const std::ptrdiff_t first = group * kGroupPanels * kPanel + slice * kLanes;
        for (int column = 0; column < kColumns; ++column) {
          const std::ptrdiff_t at = first + column * kPanel;
          store(results + row * stride + at,
                finished<Number>(matrix, at, sums[column], operands.scales[row]));
        }
      };
      // With more slices the sums would not fit into the registers.
      if constexpr (kSlices <= 2) {
        if (num_operands == 1) return multiply_one<Number, kColumns>(operand, columns, finish);
      }
      multiply_rows<Number, kColumns>(operand, num_operands, columns, finish);
    });
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
