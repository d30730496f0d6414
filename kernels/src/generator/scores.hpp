// Softmax of a row of scores, and the draw of a token from it.
//
// Rows have whole vectors; scores beyond the vocabulary are -inf.
#pragma once

#include "../activations.hpp"
#include "network.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// In place of an id: every token is banned or has probability 0; or the row has NaN.
inline constexpr int64_t kNoChoice = -1;
inline constexpr int64_t kNotANumber = -2;

inline std::ptrdiff_t num_blocks_of(std::ptrdiff_t size) { return divide_up(size, kSumBlock); }

inline float highest_of(const float* scores, std::ptrdiff_t size) {
  return largest_of(scores, size, [](Floats lanes) { return lanes; });
}

// A row of scores, and the weights of its softmax.
struct ScoredRow {
  const float* scores;
  float* weights;     // exp(scores - highest)
  float* block_sums;  // of the weights
  std::ptrdiff_t vocab_size;
  std::ptrdiff_t size;  // in whole vectors
  float highest;
  float log_sum;  // the log-probability of an id is (score - highest) - log_sum

  float log_prob(std::ptrdiff_t id) const { return (scores[id] - highest) - log_sum; }

  // Calls `function(first, end)` with the positions of each block.
  template <class Function>
  void for_each_block(Member::Range blocks, Function&& function) const {
    for (std::ptrdiff_t block = blocks.begin; block < blocks.end; ++block) {
      const std::ptrdiff_t first = block * kSumBlock;
      function(first, first + kSumBlock < size ? first + kSumBlock : size);
    }
  }
  Member::Range all_blocks() const { return {0, num_blocks_of(size)}; }

  // Sets the weights of some blocks to exp((values - largest) * factor), 0 where a value is -inf,
  // and sums them.
  void weigh(const float* values, float largest, float factor, Member::Range blocks) const {
    for_each_block(blocks, [&](std::ptrdiff_t first, std::ptrdiff_t end) {
      Floats sums = {};
      for (std::ptrdiff_t at = first; at < end; at += kLanes) {
        const Floats powers = exponential((load(values + at) - largest) * factor);
        store(weights + at, powers);
        sums += powers;
      }
      block_sums[first / kSumBlock] = sum_of_lanes(sums);
    });
  }

  // Sums the weights again, after some of them have been changed.
  void sum_blocks() const {
    for_each_block(all_blocks(), [&](std::ptrdiff_t first, std::ptrdiff_t end) {
      Floats sums = {};
      for (std::ptrdiff_t at = first; at < end; at += kLanes) sums += load(weights + at);
      block_sums[first / kSumBlock] = sum_of_lanes(sums);
    });
  }

  double total_weight() const {
    double sum = 0;
    for (std::ptrdiff_t block = 0; block < num_blocks_of(size); ++block) sum += block_sums[block];
    return sum;
  }
};

inline ScoredRow row_of_scores(const StepMemory& memory, const float* scores, std::ptrdiff_t place,
                               std::ptrdiff_t vocab_size, std::ptrdiff_t size) {
  return {scores + place * memory.width,
          memory.weights + place * memory.width,
          memory.block_sums + place * memory.num_blocks,
          vocab_size,
          size,
          0.0f,
          0.0f};
}

// Normalizes a row whose weights and `highest` are known.
inline void normalize(ScoredRow& row) {
  row.log_sum = static_cast<float>(__builtin_log(row.total_weight()));
}

inline void score_row(ScoredRow& row) {
  row.highest = highest_of(row.scores, row.size);
  row.weigh(row.scores, row.highest, 1.0f, row.all_blocks());
  normalize(row);
}

inline void write_log_probs(const ScoredRow& row, float* log_probs) {
  for (std::ptrdiff_t at = 0; at < row.vocab_size; at += kLanes) {
    const std::ptrdiff_t left = row.vocab_size - at;
    store(log_probs + at, (load(row.scores + at) - row.highest) - row.log_sum,
          static_cast<int>(left < kLanes ? left : kLanes));
  }
}

// The first id at which the sum of the weights exceeds `uniform` times their total. `remainder`, if
// it is not null, is set to how much of that id's weight the number has passed, in [0, 1).
inline int64_t draw(const ScoredRow& row, double uniform, double* remainder = nullptr) {
  const double total = row.total_weight();
  if (!(total > 0.0)) return kNoChoice;
  const double target = uniform * total;
  constexpr double kBelowOne = 1.0 - 0x1p-53;
  double before = 0;
  int64_t last = kNoChoice;
  if (remainder != nullptr) *remainder = kBelowOne;
  for (std::ptrdiff_t first = 0; first < row.size; first += kSumBlock) {
    const std::ptrdiff_t end = first + kSumBlock < row.size ? first + kSumBlock : row.size;
    const double block = row.block_sums[first / kSumBlock];
    // The last block that has weights is searched too: rounding can carry the target beyond it.
    if (before + block <= target && before + block < total) {
      before += block;
      continue;
    }
    double sum = before;
    for (std::ptrdiff_t at = first; at < end; ++at) {
      const double weight = row.weights[at];
      if (weight <= 0.0) continue;
      last = at;
      if (sum + weight <= target) {
        sum += weight;
        continue;
      }
      if (remainder != nullptr) {
        const double passed = (target - sum) / weight;
        *remainder = passed < 0.0 ? 0.0 : (passed < kBelowOne ? passed : kBelowOne);
      }
      return last;
    }
    before += block;
  }
  return last;
}

inline int64_t first_highest(const float* values, std::ptrdiff_t size) {
  const float highest = highest_of(values, size);
  if (!(highest > -__builtin_inff())) return kNoChoice;
  int64_t at = 0;
  while (values[at] != highest) ++at;
  return at;
}

// Draws a token. `adjusted` has room for a row; `seen` may be null.
inline int64_t draw_token(const ScoredRow& row, const Sampler& sampler, const uint8_t* seen,
                          double uniform, float* adjusted) {
  if (row.log_sum != row.log_sum) return kNotANumber;
  const float* scores = row.scores;
  float highest = row.highest;
  const bool has_penalty = sampler.repetition_penalty != 1.0f && seen != nullptr;
  if (has_penalty || !sampler.banned.empty()) {
    for (std::ptrdiff_t id = 0; id < row.vocab_size; ++id) {
      const float penalty = has_penalty && seen[id] != 0 ? sampler.repetition_penalty : 1.0f;
      const bool is_banned = !sampler.banned.empty() && sampler.banned[id] != 0;
      adjusted[id] = is_banned ? -__builtin_inff() : row.log_prob(id) * penalty;
    }
    for (std::ptrdiff_t at = row.vocab_size; at < row.size; ++at) adjusted[at] = -__builtin_inff();
    scores = adjusted;
    highest = highest_of(scores, row.size);
    if (!(highest > -__builtin_inff())) return kNoChoice;
  }
  if (sampler.temperature == 0.0f) return first_highest(scores, row.size);
  if (scores == adjusted || sampler.temperature != 1.0f) {
    row.weigh(scores, highest, 1.0f / sampler.temperature, row.all_blocks());
  }
  if (sampler.has_filters()) {
    filter_weights(sampler, scores, row.vocab_size, row.weights);
    row.sum_blocks();
  }
  return draw(row, uniform);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
