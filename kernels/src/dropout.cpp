// Dropout whose mask is a function of (seed, offset) and of a number's place: nothing is stored,
// and the backward pass draws the same mask again.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) gives four
// words a counter. Sixteen counters together decide over 64 numbers: word w of counter c over
// number 16 w + c. The order does not depend on the instruction set or the number of threads.
#include "kernel_table.hpp"
#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

constexpr int kCounters = 16;
constexpr int kBlock = 4 * kCounters;

struct RandomBlock {
  uint32_t words[kBlock];
};

inline RandomBlock philox(uint64_t seed, uint64_t first_counter) {
  constexpr int kRounds = 10;
  constexpr uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
  RandomBlock block;
  for (int lane = 0; lane < kCounters; ++lane) {
    const uint64_t counter = first_counter + static_cast<uint64_t>(lane);
    block.words[lane] = static_cast<uint32_t>(counter);
    block.words[kCounters + lane] = static_cast<uint32_t>(counter >> 32);
    block.words[2 * kCounters + lane] = 0;
    block.words[3 * kCounters + lane] = 0;
  }
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < kRounds; ++round, key0 += kWeyl0, key1 += kWeyl1) {
    for (int lane = 0; lane < kCounters; ++lane) {
      const uint64_t product0 = static_cast<uint64_t>(block.words[lane]) * kMultiplier0;
      const uint64_t product1 =
          static_cast<uint64_t>(block.words[2 * kCounters + lane]) * kMultiplier1;
      const uint32_t high0 = static_cast<uint32_t>(product0 >> 32);
      const uint32_t high1 = static_cast<uint32_t>(product1 >> 32);
      block.words[lane] = high1 ^ block.words[kCounters + lane] ^ key0;
      block.words[kCounters + lane] = static_cast<uint32_t>(product1);
      block.words[2 * kCounters + lane] = high0 ^ block.words[3 * kCounters + lane] ^ key1;
      block.words[3 * kCounters + lane] = static_cast<uint32_t>(product0);
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
  // A probability of 1 has no threshold of 32 bits; then the scale is 0 and drops everything.
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
