// The product of a step: rows of an operand times columns of the packed recurrent matrix. The sums
// are accumulated in registers and passed to the cell.
#pragma once

#include <type_traits>

#include "arguments.hpp"
#include "simd.hpp"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// Whether products with int8 take 128 off the operand's bytes: AVX2 multiplies them exactly only if
// they are signed.
#if defined(__AVX2__) && !defined(__AVX512BW__)
inline constexpr bool kSignedCodes = true;
#else
inline constexpr bool kSignedCodes = false;
#endif

// The sum of the four products of an operand's bytes, which are unsigned if not `kSignedCodes`, with
// each word's bytes, signed.
inline Ints multiply_codes(Words weights, uint32_t operand) {
#if defined(__AVX512BW__)
  const Words even = Words{} | (operand & 0x00ff00ffu), odd = Words{} | (operand >> 8 & 0x00ff00ffu);
  const __m512i words = (__m512i)weights;
  const __m512i of_even = _mm512_srai_epi16(_mm512_slli_epi16(words, 8), 8);
  return (Ints)_mm512_madd_epi16(of_even, (__m512i)even) +
         (Ints)_mm512_madd_epi16(_mm512_srai_epi16(words, 8), (__m512i)odd);
#elif defined(__AVX2__)
  // The sums of two products have 16 bits: 2 * 128 * 127 is below 2^15.
  const __m256i codes = (__m256i)((Words{} | operand) ^ 0x80808080u);
  const __m256i pairs =
      _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8((__m256i)weights, codes));
  return (Ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#else
  Ints sums = {};
  for (int byte = 0; byte < 4; ++byte) {
    const auto factor = static_cast<int32_t>(operand >> (8 * byte) & 0xffu);
    sums += ((Ints)(weights << (24 - 8 * byte)) >> 24) * factor;
  }
  return sums;
#endif
}

// sums + weight * operand, where each 32-bit word is one float32 ...
inline Floats multiply_add(float, Words weights, uint32_t operand, Floats sums) {
  return sums + (Floats)weights * (Floats)(Words{} | operand);
}

// ... or a pair of bfloat16, whose products are both added.
inline Floats multiply_add(Bfloat16, Words weights, uint32_t operand, Floats sums) {
  const Words pair = Words{} | operand;
#if defined(__AVX512BF16__)
  return (Floats)_mm512_dpbf16_ps((__m512)sums, (__m512bh)weights, (__m512bh)pair);
#else
  constexpr uint32_t kUpper = 0xffff0000u;
  sums += (Floats)(weights << 16) * (Floats)(pair << 16);
  return sums + (Floats)(weights & kUpper) * (Floats)(pair & kUpper);
#endif
}

// ... or four int8, whose products are added to an integer. The operand's bytes are unsigned, because
// the instruction of AVX-512 multiplies unsigned with signed numbers. The result is exact.
inline Floats multiply_add(Int8, Words weights, uint32_t operand, Floats sums) {
#if defined(__AVX512VNNI__)
  // GCC 12 copies and spills the sums of a tile if they change between floats and integers.
  asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(Words{} | operand), "v"(weights));
  return sums;
#else
  return (Floats)((Ints)sums + multiply_codes(weights, operand));
#endif
}

// The operand that a step multiplies with the recurrent matrix, (batch, row_words).
struct Operand {
  const std::byte* words;
  std::ptrdiff_t row_words;
};

// Columns of the matrix that are multiplied together: `num_columns` vectors per word.
struct Columns {
  const std::byte* words;
  std::ptrdiff_t column_bytes;  // from one column to the next, for the same word
  std::ptrdiff_t word_bytes;    // from one word to the next, for the same column
};

// Number of vectors in a panel.
inline constexpr int kSlices = kPanel / kLanes;

// Number of words per block: their weights fit into the L1 cache for all rows of a group.
inline constexpr std::ptrdiff_t kBlockWords = 96;
inline constexpr std::ptrdiff_t kGroupRows = 24;

// Sums of a group's rows between one block of words and the next.
template <int kColumns>
using GroupSums = Floats[kGroupRows][kSlices][kColumns];

// Adds the product of some rows with one block of words to the group's sums; the first block sets
// them.
template <class Number, int kRows, int kColumns>
inline void multiply_tile(const std::byte* rows, std::ptrdiff_t row_bytes, const Columns& columns,
                          std::ptrdiff_t num_words, int slice, bool is_first,
                          Floats (*group)[kSlices][kColumns]) {
  Floats sums[kRows][kColumns];
#pragma GCC unroll 6
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) {
      sums[row][column] = is_first ? Floats{} : group[row][slice][column];
    }
  }
  const std::byte* weights = columns.words + slice * kLanes * 4;
  for (std::ptrdiff_t word = 0; word < num_words; ++word) {
    Words loaded[kColumns];
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) {
      loaded[column] = load_words(weights + column * columns.column_bytes);
    }
#pragma GCC unroll 6
    for (int row = 0; row < kRows; ++row) {
      uint32_t value;
      __builtin_memcpy(&value, rows + row * row_bytes + word * 4, sizeof value);
#pragma GCC unroll 4
      for (int column = 0; column < kColumns; ++column) {
        sums[row][column] = multiply_add(Number{}, loaded[column], value, sums[row][column]);
      }
    }
    weights += columns.word_bytes;
  }
#pragma GCC unroll 6
  for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) {
      group[row][slice][column] = sums[row][column];
    }
  }
}

// Calls `function` with `count`, in [1, kLargest], as a compile-time constant.
template <int kLargest, class Function>
inline void with_constant(int count, Function&& function) {
  if constexpr (kLargest > 1) {
    if (count < kLargest) return with_constant<kLargest - 1>(count, function);
  }
  function(std::integral_constant<int, kLargest>{});
}

// Divides [begin, end) into the smallest number of pieces of at most `kLargest`, of almost equal
// size, because a small piece could not hide the latency of its sums.
template <int kLargest, class Function>
inline void for_each_piece(std::ptrdiff_t begin, std::ptrdiff_t end, Function&& function) {
  const std::ptrdiff_t count = end - begin, num_pieces = divide_up(count, kLargest);
  for (std::ptrdiff_t piece = 0; piece < num_pieces; ++piece) {
    const std::ptrdiff_t first = begin + count * piece / num_pieces;
    const std::ptrdiff_t last = begin + count * (piece + 1) / num_pieces;
    with_constant<kLargest>(static_cast<int>(last - first),
                            [&](auto size) { function(first, size); });
  }
}

// The units of one vector within a row.
struct Units {
  std::ptrdiff_t first;
  int count;  // number of lanes that are units; the others are beyond the hidden size
};

// Multiplies the whole operand with some columns and calls
// `finish(row, slice, sums of kColumns vectors)` for every row and every vector of the panel.
template <class Number, int kColumns, class Finish>
inline void multiply_rows(const Operand& operand, std::ptrdiff_t num_rows, const Columns& columns,
                          Finish&& finish) {
  const std::ptrdiff_t row_bytes = operand.row_words * 4;
  for (std::ptrdiff_t first_row = 0; first_row < num_rows; first_row += kGroupRows) {
    const std::ptrdiff_t left = num_rows - first_row;
    const std::ptrdiff_t group_rows = left < kGroupRows ? left : kGroupRows;
    GroupSums<kColumns> sums;  // the first block sets them
    if (operand.row_words == 0) __builtin_memset(sums, 0, sizeof sums);
    for (std::ptrdiff_t word = 0; word < operand.row_words; word += kBlockWords) {
      const std::ptrdiff_t words_left = operand.row_words - word;
      const std::ptrdiff_t num_words = words_left < kBlockWords ? words_left : kBlockWords;
      Columns block = columns;
      block.words += word * columns.word_bytes;
      for_each_piece<kTileRows>(0, group_rows, [&](std::ptrdiff_t row, auto num_tile_rows) {
        const std::byte* rows = operand.words + (first_row + row) * row_bytes + word * 4;
        for (int slice = 0; slice < kSlices; ++slice) {
          multiply_tile<Number, decltype(num_tile_rows)::value, kColumns>(
              rows, row_bytes, block, num_words, slice, word == 0, sums + row);
        }
      });
    }
    for (std::ptrdiff_t row = 0; row < group_rows; ++row) {
      for (int slice = 0; slice < kSlices; ++slice) {
        finish(first_row + row, slice, sums[row][slice]);
      }
    }
  }
}

inline Units units_of(std::ptrdiff_t panel, int slice, std::ptrdiff_t hidden_size) {
  const std::ptrdiff_t first = panel * kPanel + slice * kLanes;
  const std::ptrdiff_t left = hidden_size - first;
  return {first, static_cast<int>(left < 0 ? 0 : (left < kLanes ? left : kLanes))};
}

// For cells of several gates, forward: all gates of a panel at once. Calls
// `finish(row, units, sums by gate)`.
template <class Number, int kGates, class Finish>
inline void multiply_gates(const Layer& layer, const Operand& operand, Member::Range panels,
                           Finish&& finish) {
  const PackedMatrix& weights = *layer.weights;
  for (std::ptrdiff_t panel = panels.begin; panel < panels.end; ++panel) {
    const Columns columns{weights.forward() + panel * weights.forward_panel_bytes(), kPanel * 4,
                          kGates * kPanel * 4};
    multiply_rows<Number, kGates>(operand, layer.batch_size, columns,
                                  [&](std::ptrdiff_t row, int slice, const Floats(&sums)[kGates]) {
                                    const Units units = units_of(panel, slice, layer.hidden_size());
                                    if (units.count > 0) finish(row, units, sums);
                                  });
  }
}

// For one column per unit: several panels at once. Calls `finish(row, units, sum)`.
template <class Number, class Finish>
inline void multiply_panels(const Layer& layer, const Operand& operand, const std::byte* packed,
                            std::ptrdiff_t panel_bytes, Member::Range panels, Finish&& finish) {
  for_each_piece<kTileColumns>(
      panels.begin, panels.end, [&](std::ptrdiff_t first_panel, auto num_panels) {
        constexpr int kColumns = decltype(num_panels)::value;
        const Columns columns{packed + first_panel * panel_bytes, panel_bytes, kPanel * 4};
        multiply_rows<Number, kColumns>(
            operand, layer.batch_size, columns,
            [&](std::ptrdiff_t row, int slice, const Floats(&sums)[kColumns]) {
              for (int column = 0; column < kColumns; ++column) {
                const Units units = units_of(first_panel + column, slice, layer.hidden_size());
                if (units.count > 0) finish(row, units, sums[column]);
              }
            });
      });
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
