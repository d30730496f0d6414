// The transpose of a matrix, optionally in another dtype: square blocks of words are read from the
// rows, transposed in registers, and written along the rows of the result.
#include <utility>

#include "kernel_table.hpp"
#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

// A square block: as many rows of words as a vector has lanes.
using Square = Words[kLanes];

// Words of the result: a value of one row, or the values of two consecutive rows.
inline Words words_across(float, const float* row, std::ptrdiff_t) { return (Words)load(row); }
inline Words words_across(Bfloat16, const float* row, std::ptrdiff_t next) {
  return pairs_of(load(row), load(row + next));
}

// Interleaves the lanes of two vectors, starting at lane `kFirst` of each.
template <int kFirst, int... kLane>
inline Words interleave(Words one, Words other, std::integer_sequence<int, kLane...>) {
#if defined(__clang__)
  return __builtin_shufflevector(one, other, (kLane % 2 * kLanes + kFirst + kLane / 2)...);
#else
  return __builtin_shuffle(one, other, Words{(kLane % 2 * kLanes + kFirst + kLane / 2)...});
#endif
}

// Transposes the block: every round interleaves the two halves of the rows.
inline void turn(Square& square) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>{};
  for (int round = 1; round < kLanes; round *= 2) {
    Square dealt;
#pragma GCC unroll 8
    for (int at = 0; at < kLanes / 2; ++at) {
      dealt[2 * at] = interleave<0>(square[at], square[at + kLanes / 2], kAll);
      dealt[2 * at + 1] = interleave<kLanes / 2>(square[at], square[at + kLanes / 2], kAll);
    }
#pragma GCC unroll 16
    for (int at = 0; at < kLanes; ++at) square[at] = dealt[at];
  }
}

// A complete block; the result has `num_rows` values per row.
template <class Number>
inline void transpose_square(const float* source, std::ptrdiff_t num_columns, Number* target,
                             std::ptrdiff_t num_rows) {
  constexpr int kPerWord = per_word(element_of<Number>);
  Square square;
#pragma GCC unroll 16
  for (int at = 0; at < kLanes; ++at) {
    square[at] = words_across(Number{}, source + at * kPerWord * num_columns, num_columns);
  }
  turn(square);
#pragma GCC unroll 16
  for (int at = 0; at < kLanes; ++at) {
    __builtin_memcpy(target + at * num_rows, &square[at], sizeof(Words));
  }
}

// The remaining values at the edges.
template <class Number>
void transpose_rest(const Transpose& args, Member::Range rows, Member::Range columns) {
  auto* target = static_cast<Number*>(args.out);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    for (std::ptrdiff_t column = columns.begin; column < columns.end; ++column) {
      const Floats number = splat(args.matrix[row * args.num_columns + column]);
      store(target + column * args.num_rows + row, number, 1);
    }
  }
}

template <class Number>
void run(const Transpose& args, Member member) {
  constexpr std::ptrdiff_t kTall = kLanes * per_word(element_of<Number>);
  auto* target = static_cast<Number*>(args.out);
  const auto rows = member.share_of(args.num_rows);
  const std::ptrdiff_t whole_rows = rows.begin + (rows.end - rows.begin) / kTall * kTall;
  const std::ptrdiff_t whole_columns = args.num_columns / kLanes * kLanes;
  for (std::ptrdiff_t row = rows.begin; row < whole_rows; row += kTall) {
    for (std::ptrdiff_t column = 0; column < whole_columns; column += kLanes) {
      transpose_square(args.matrix + row * args.num_columns + column, args.num_columns,
                       target + column * args.num_rows + row, args.num_rows);
    }
  }
  transpose_rest<Number>(args, {rows.begin, whole_rows}, {whole_columns, args.num_columns});
  transpose_rest<Number>(args, {whole_rows, rows.end}, {0, args.num_columns});
}

}  // namespace

void transpose(const Transpose& args, Member member) {
  args.element == Element::float32 ? run<float>(args, member) : run<Bfloat16>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
