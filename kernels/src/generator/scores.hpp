// Softmax of a row of scores, and the draw of a token from it.
//
// Rows have whole vectors; scores beyond the vocabulary are -inf.
#pragma once

#include "../activations.hpp"
#include "sampler.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// In place of an id: every token is banned or has probability 0; or the row has NaN.
inline constexpr int64_t kNoChoice = -1;
inline constexpr int64_t kNotANumber = -2;

// Values that are summed in float32 before they are added to a float64.
inline constexpr std::ptrdiff_t kSumBlock = 32 * 16;

inline float highest_of(const float* values, std::ptrdiff_t size) {
  Floats highest = splat(-__builtin_inff());
  for (std::ptrdiff_t at = 0; at < size; at += kLanes) {
    const Floats lanes = load(values + at);
    // NaN is propagated, because every comparison with it is false.
    highest = lanes <= highest ? highest : (highest == highest ? lanes : highest);
  }
  return largest_lane(highest);
}

inline double sum_of(const float* values, std::ptrdiff_t size) {
  double sum = 0;
  for (std::ptrdiff_t first = 0; first < size; first += kSumBlock) {
    const std::ptrdiff_t end = first + kSumBlock < size ? first + kSumBlock : size;
    Floats sums = {};
    for (std::ptrdiff_t at = first; at < end; at += kLanes) sums += load(values + at);
    sum += sum_of_lanes(sums);
  }
  return sum;
}

// weights = exp((scores - highest) * factor), and 0 where a score is -inf.
inline void exponentiate(const float* scores, std::ptrdiff_t size, float highest, float factor,
                         float* weights) {
  for (std::ptrdiff_t at = 0; at < size; at += kLanes) {
    store(weights + at, exponential((load(scores + at) - highest) * factor));
  }
}

// A row of scores whose softmax is known.
struct ScoredRow {
  const float* scores;
  float* weights;  // exp(scores - highest)
  std::ptrdiff_t vocab_size;
  std::ptrdiff_t size;  // in whole vectors
  float highest;
  float log_sum;  // the log-probability of an id is (score - highest) - log_sum

  float log_prob(std::ptrdiff_t id) const { return (scores[id] - highest) - log_sum; }
};

inline ScoredRow score_row(const float* scores, float* weights, std::ptrdiff_t vocab_size,
                           std::ptrdiff_t size) {
  const float highest = highest_of(scores, size);
  exponentiate(scores, size, highest, 1.0f, weights);
  const auto log_sum = static_cast<float>(__builtin_log(sum_of(weights, size)));
  return {scores, weights, vocab_size, size, highest, log_sum};
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
inline int64_t draw(const float* weights, std::ptrdiff_t size, double uniform,
                    double* remainder = nullptr) {
  const double total = sum_of(weights, size);
  if (!(total > 0.0)) return kNoChoice;
  const double target = uniform * total;
  constexpr double kBelowOne = 1.0 - 0x1p-53;
  double before = 0;
  int64_t last = kNoChoice;
  if (remainder != nullptr) *remainder = kBelowOne;
  for (std::ptrdiff_t first = 0; first < size; first += kSumBlock) {
    const std::ptrdiff_t end = first + kSumBlock < size ? first + kSumBlock : size;
    const double block = sum_of(weights + first, end - first);
    // The last block that has weights is searched too: rounding can carry the target beyond it.
    if (before + block <= target && before + block < total) {
      before += block;
      continue;
    }
    double sum = before;
    for (std::ptrdiff_t at = first; at < end; ++at) {
      if (weights[at] <= 0.0f) continue;
      const double passed = (target - sum) / weights[at];
      sum += weights[at];
      last = at;
      if (sum <= target) continue;
      if (remainder != nullptr) {
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
    exponentiate(scores, row.size, highest, 1.0f / sampler.temperature, row.weights);
  }
  if (sampler.has_filters()) filter_weights(sampler, scores, row.vocab_size, row.weights);
  return draw(row.weights, row.size, uniform);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
