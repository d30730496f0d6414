// Packs the recurrent matrix into panels; see docs/packing-and-barrier.md.
#include "kernel_table.hpp"
#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

constexpr std::ptrdiff_t smaller(std::ptrdiff_t one, std::ptrdiff_t other) {
  return one < other ? one : other;
}

// Copies `count` of `size` values in the packed dtype; the others are set to 0.
template <class Number>
inline void convert(const float* source, std::ptrdiff_t count, Number* target, int size) {
  for (int at = 0; at < size; at += kLanes) {
    const std::ptrdiff_t left = count - at;
    const int lanes = static_cast<int>(left < 0 ? 0 : smaller(left, kLanes));
    store(target + at, load(source + at, lanes));
  }
}

// A panel of the matrix's rows, [word][gate][unit]. Square blocks of words are transposed while
// they are in the L1 cache.
template <class Number>
void pack_forward(const PackArguments& args, std::ptrdiff_t panel) {
  constexpr int kPerWord = per_word(element_of<Number>);
  constexpr int kSquare = kPanel * kPerWord;  // values in a row of a square
  const std::ptrdiff_t size = args.hidden_size, first = panel * kPanel;
  const std::ptrdiff_t num_units = smaller(kPanel, size - first);
  const std::ptrdiff_t num_words = divide_up(size, kPerWord);
  std::byte* packed = args.forward + panel * num_words * args.num_gates * kPanel * 4;
  alignas(64) Number square[kPanel][kSquare] = {};
  for (std::ptrdiff_t word = 0; word < num_words; word += kPanel) {
    for (int gate = 0; gate < args.num_gates; ++gate) {
      for (std::ptrdiff_t unit = 0; unit < num_units; ++unit) {
        const float* row = args.weights + (gate * size + first + unit) * size + word * kPerWord;
        convert(row, size - word * kPerWord, square[unit], kSquare);
      }
      const std::ptrdiff_t words_here = smaller(kPanel, num_words - word);
      for (std::ptrdiff_t column = 0; column < words_here; ++column) {
        std::byte* target = packed + ((word + column) * args.num_gates + gate) * kPanel * 4;
        for (int unit = 0; unit < kPanel; ++unit) {
          __builtin_memcpy(target + unit * 4, square[unit] + column * kPerWord, 4);
        }
      }
    }
  }
}

// One word of a panel of the transposed matrix: a row of the matrix ...
inline void pack_word(const float* row, const float*, int count, float* target) {
  store(target, load(row, count));
}

// ... or two rows whose values share words.
inline void pack_word(const float* row, const float* next, int count, Bfloat16* target) {
  const Words words =
      pairs_of(load(row, count), next != nullptr ? load(next, count) : Floats{});
  __builtin_memcpy(target, &words, sizeof words);
}

// A panel of the matrix's columns, [gate and word][unit].
template <class Number>
void pack_backward(const PackArguments& args, std::ptrdiff_t panel) {
  constexpr int kPerWord = per_word(element_of<Number>);
  const std::ptrdiff_t size = args.hidden_size, num_words = divide_up(size, kPerWord);
  const std::ptrdiff_t first = panel * kPanel;
  std::byte* packed = args.backward + panel * args.num_gates * num_words * kPanel * 4;
  for (int gate = 0; gate < args.num_gates; ++gate) {
    for (std::ptrdiff_t word = 0; word < num_words; ++word) {
      const std::ptrdiff_t k = word * kPerWord;
      const float* row = args.weights + (gate * size + k) * size + first;
      const bool has_next = kPerWord == 2 && k + 1 < size;
      std::byte* target = packed + (gate * num_words + word) * kPanel * 4;
      for (int at = 0; at < kPanel; at += kLanes) {
        const std::ptrdiff_t left = size - first - at;
        const int count = static_cast<int>(left < 0 ? 0 : smaller(left, kLanes));
        pack_word(row + at, has_next ? row + size + at : nullptr, count,
                  reinterpret_cast<Number*>(target + at * 4));
      }
    }
  }
}

}  // namespace

void pack(const PackArguments& args, Member member) {
  const auto panels = member.share_of(divide_up(args.hidden_size, kPanel));
  for (std::ptrdiff_t panel = panels.begin; panel < panels.end; ++panel) {
    if (args.element == Element::float32) {
      pack_forward<float>(args, panel);
      pack_backward<float>(args, panel);
    } else {
      pack_forward<Bfloat16>(args, panel);
      pack_backward<Bfloat16>(args, panel);
    }
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
