// Dropout whose mask is a function of (seed, offset) and the index of a value. The mask is not
// stored; the backward pass computes it again.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) returns four
// words per counter. Sixteen counters determine the mask of 64 values: word w of counter c that of
// value 16 w + c. The order does not depend on the instruction set or the number of threads.
#include "kernel_table.hpp"
#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

constexpr int kCounters = 16;
constexpr int kBlock = 4 * kCounters;

struct RandomBlock {
  uint32_t words[kBlock];
};

using Longs = uint64_t __attribute__((vector_size(4 * kLanes)));
inline constexpr uint64_t kLowerHalf = 0xffffffffu;

// The products of the lower halves of 64 bits.
inline Longs multiply_lower_halves(Longs longs, uint32_t factor) {
#if defined(__AVX512F__)
  const __m512i factors = (__m512i)(Words{} | factor);
  return (Longs)_mm512_maskz_mul_epu32(0xff, (__m512i)longs, factors);
#else
  return (longs & kLowerHalf) * factor;
#endif
}

// The lower and the upper halves of 64-bit products.
struct Products {
  Words low, high;
};

inline Products multiply(Words words, uint32_t factor) {
  const Longs even = multiply_lower_halves((Longs)words, factor);
  const Longs odd = multiply_lower_halves((Longs)words >> 32, factor);
  return {(Words)((even & kLowerHalf) | (odd << 32)), (Words)((even >> 32) | (odd & ~kLowerHalf))};
}

inline RandomBlock philox(uint64_t seed, uint64_t first_counter) {
  constexpr int kRounds = 10;
  constexpr uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  RandomBlock block;
  for (int first = 0; first < kCounters; first += kLanes) {
    uint32_t lower[kLanes], upper[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      const uint64_t counter = first_counter + static_cast<uint64_t>(first + lane);
      lower[lane] = static_cast<uint32_t>(counter);
      upper[lane] = static_cast<uint32_t>(counter >> 32);
    }
    Words words[4] = {};
    __builtin_memcpy(&words[0], lower, sizeof lower);
    __builtin_memcpy(&words[1], upper, sizeof upper);
    uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < kRounds; ++round, key0 += kWeyl0, key1 += kWeyl1) {
      const Products product0 = multiply(words[0], kMultiplier0);
      const Products product1 = multiply(words[2], kMultiplier1);
      words[0] = product1.high ^ words[1] ^ key0;
      words[1] = product1.low;
      words[2] = product0.high ^ words[3] ^ key1;
      words[3] = product0.low;
    }
    for (int word = 0; word < 4; ++word) {
      __builtin_memcpy(block.words + word * kCounters + first, &words[word], sizeof(Words));
    }
  }
  return block;
}

template <class Number>
void run(const Dropout& args, Member member) {
  const auto* inputs = static_cast<const Number*>(args.inputs);
  auto* outputs = static_cast<Number*>(args.outputs);
  const double kept = 1.0 - args.probability;
  const Floats scale = splat(kept > 0 ? static_cast<float>(1.0 / kept) : 0.0f);
  // For a probability of 1 the threshold does not fit into 32 bits; the scale 0 drops everything.
  const double limit = args.probability * 4294967296.0;
  const uint32_t threshold = limit < 4294967295.0 ? static_cast<uint32_t>(limit) : 4294967295u;
  const auto blocks = member.share_of(divide_up(args.num_elements, kBlock));
  for (std::ptrdiff_t index = blocks.begin; index < blocks.end; ++index) {
    const uint64_t counter = args.offset + static_cast<uint64_t>(index) * kCounters;
    const RandomBlock block = philox(args.seed, counter);
    const std::ptrdiff_t first = index * kBlock;
    for (int at = 0; at < kBlock && first + at < args.num_elements; at += kLanes) {
      const std::ptrdiff_t left = args.num_elements - first - at;
      const int count = static_cast<int>(left < kLanes ? left : kLanes);
      Words words;
      __builtin_memcpy(&words, block.words + at, sizeof words);
      const Floats factors = words >= threshold ? scale : Floats{};
      const Floats values = inputs != nullptr ? load(inputs + first + at, count) : splat(1.0f);
      const Floats dropped = factors > Floats{} ? values * factors : Floats{};
      store(outputs + first + at, dropped, count);
    }
  }
}

}  // namespace

void dropout(const Dropout& args, Member member) {
  args.element == Element::float32 ? run<float>(args, member) : run<Bfloat16>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
