// Products of many operands with a packed matrix on the tile registers of AMX.
//
// A tile has 16 rows of 16 words. A panel of the packed matrix, 16 words long, is a tile as it is
// in memory, and so are 16 operands. One instruction multiplies a tile of operands with a tile of
// the matrix and adds the products to a tile of sums.
#pragma once

#include "operand.hpp"

#if defined(__AMX_TILE__) && defined(__AMX_BF16__) && defined(__AMX_INT8__)
#define NEXTWORD_HAS_TILES

namespace nextword::NEXTWORD_INSTRUCTION_SET {

inline constexpr int kTile = 16;  // rows of a tile, and words of a row
inline constexpr std::ptrdiff_t kTileRowBytes = kTile * 4;
// Fewer operands are multiplied faster without tiles.
inline constexpr std::ptrdiff_t kLeastTileOperands = 4;

// The operand of the instruction that sets the sizes of the tiles.
struct alignas(64) TileSizes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

// The intrinsics of GCC 12 do not tell the compiler which memory they read.
inline void forget_memory() { asm volatile("" ::: "memory"); }

// Tiles 0 to 3 hold sums: 0 and 1 those of the first operands with two panels, 2 and 3 those of
// the second ones. Tiles 4 and 5 hold operands, 6 and 7 panels.
inline void set_tiles(int first_rows, int second_rows) {
  TileSizes sizes;
  const int rows[] = {first_rows,  first_rows,  second_rows, second_rows,
                      first_rows,  second_rows, kTile,       kTile};
  for (int tile = 0; tile < 8; ++tile) {
    sizes.rows[tile] = static_cast<uint8_t>(rows[tile]);
    sizes.row_bytes[tile] = rows[tile] > 0 ? kTileRowBytes : 0;
  }
  forget_memory();
  _tile_loadconfig(&sizes);
}

// Up to 32 operands. The words after the last whole tile are copied, with zeros behind them: the
// tile of the matrix has words of the next panels there.
class OperandBlock {
 public:
  OperandBlock(const std::byte* rows, std::ptrdiff_t row_bytes, int num_rows,
               std::ptrdiff_t num_words)
      : rows_(rows), row_bytes_(row_bytes), num_whole_(num_words / kTile) {
    const std::ptrdiff_t rest = num_words % kTile * 4;
    if (rest == 0) return;
    __builtin_memset(rest_, 0, sizeof rest_);
    for (int row = 0; row < num_rows; ++row) {
      __builtin_memcpy(rest_ + row * kTileRowBytes, rows + row * row_bytes + num_whole_ * kTileRowBytes,
                       static_cast<std::size_t>(rest));
    }
    forget_memory();
  }

  // The words of tile `index` of the operands from `row` on, and the bytes from one to the next.
  const std::byte* tile(std::ptrdiff_t index, int row) const {
    if (index == num_whole_) return rest_ + row * kTileRowBytes;
    return rows_ + row * row_bytes_ + index * kTileRowBytes;
  }
  std::ptrdiff_t stride(std::ptrdiff_t index) const {
    return index == num_whole_ ? kTileRowBytes : row_bytes_;
  }

 private:
  const std::byte* rows_;
  std::ptrdiff_t row_bytes_;
  std::ptrdiff_t num_whole_;
  alignas(64) std::byte rest_[2 * kTile * kTileRowBytes];
};

// The sums of up to 32 operands with one or two panels: [panel][operand][row of the panel].
using TileSums = float[2][2 * kTile][kTile];

template <class Number, bool kTwoOperands, bool kTwoPanels>
inline void multiply_tiles(const OperandBlock& operands, const std::byte* panels,
                           std::ptrdiff_t word_bytes, std::ptrdiff_t num_words, TileSums& sums) {
  constexpr bool kIsInt8 = element_of<Number> == Element::int8;
  _tile_zero(0);
  if constexpr (kTwoPanels) _tile_zero(1);
  if constexpr (kTwoOperands) _tile_zero(2);
  if constexpr (kTwoOperands && kTwoPanels) _tile_zero(3);
  const std::ptrdiff_t num_tiles = divide_up(num_words, kTile);
  for (std::ptrdiff_t index = 0; index < num_tiles; ++index) {
    const std::ptrdiff_t stride = operands.stride(index);
    const std::byte* panel = panels + index * kTile * word_bytes;
    _tile_loadd(6, panel, word_bytes);
    if constexpr (kTwoPanels) _tile_loadd(7, panel + kPanel * 4, word_bytes);
    _tile_loadd(4, operands.tile(index, 0), stride);
    if constexpr (kTwoOperands) _tile_loadd(5, operands.tile(index, kTile), stride);
    if constexpr (kIsInt8) {
      _tile_dpbusd(0, 4, 6);
      if constexpr (kTwoPanels) _tile_dpbusd(1, 4, 7);
      if constexpr (kTwoOperands) _tile_dpbusd(2, 5, 6);
      if constexpr (kTwoOperands && kTwoPanels) _tile_dpbusd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kTwoPanels) _tile_dpbf16ps(1, 4, 7);
      if constexpr (kTwoOperands) _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoOperands && kTwoPanels) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums[0][0], kTileRowBytes);
  if constexpr (kTwoPanels) _tile_stored(1, sums[1][0], kTileRowBytes);
  if constexpr (kTwoOperands) _tile_stored(2, sums[0][kTile], kTileRowBytes);
  if constexpr (kTwoOperands && kTwoPanels) _tile_stored(3, sums[1][kTile], kTileRowBytes);
  forget_memory();
}

// Multiplies all operands with some panels, whose words alternate, and calls
// `finish(row, panel, sums)` for every operand and panel.
template <class Number, class Finish>
inline void multiply_with_tiles(const Operand& operand, std::ptrdiff_t num_rows,
                                const std::byte* panels, int num_panels, Finish&& finish) {
  constexpr int kBlock = 2 * kTile;
  const std::ptrdiff_t row_bytes = operand.row_words * 4, word_bytes = num_panels * kPanel * 4;
  alignas(64) TileSums sums;
  int configured = 0;
  for (std::ptrdiff_t first = 0; first < num_rows; first += kBlock) {
    const int count = static_cast<int>(num_rows - first < kBlock ? num_rows - first : kBlock);
    const bool is_wide = count > kTile;
    if (count != configured) set_tiles(is_wide ? kTile : count, is_wide ? count - kTile : 0);
    configured = count;
    const OperandBlock block(operand.words + first * row_bytes, row_bytes, count,
                             operand.row_words);
    for (int panel = 0; panel < num_panels; panel += 2) {
      const bool is_pair = panel + 1 < num_panels;
      const std::byte* words = panels + panel * kPanel * 4;
      const std::ptrdiff_t num_words = operand.row_words;
      if (is_wide && is_pair) {
        multiply_tiles<Number, true, true>(block, words, word_bytes, num_words, sums);
      } else if (is_wide) {
        multiply_tiles<Number, true, false>(block, words, word_bytes, num_words, sums);
      } else if (is_pair) {
        multiply_tiles<Number, false, true>(block, words, word_bytes, num_words, sums);
      } else {
        multiply_tiles<Number, false, false>(block, words, word_bytes, num_words, sums);
      }
      for (int row = 0; row < count; ++row) {
        finish(first + row, panel, load(sums[0][row]));
        if (is_pair) finish(first + row, panel + 1, load(sums[1][row]));
      }
    }
  }
  _tile_release();
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET

#endif
