#include "sampler.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace nextword {

namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

// The k-th highest score. The scores are divided into k blocks or more: k blocks have a highest
// score of at least the k-th highest of these, so that only few scores are left to be ordered.
float kth_highest(const float* scores, std::ptrdiff_t count, std::ptrdiff_t k) {
  constexpr std::ptrdiff_t kBlock = 32;
  std::vector<float> values;
  float bound = kMinusInfinity;
  if (count / kBlock >= k) {
    for (std::ptrdiff_t at = 0; at + kBlock <= count; at += kBlock) {
      values.push_back(*std::max_element(scores + at, scores + at + kBlock));
    }
    std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<>());
    bound = values[k - 1];
    values.clear();
  }
  for (std::ptrdiff_t at = 0; at < count; ++at) {
    if (scores[at] >= bound) values.push_back(scores[at]);
  }
  std::nth_element(values.begin(), values.begin() + (k - 1), values.end(), std::greater<>());
  return values[k - 1];
}

// Candidates are ordered by falling score.
struct Candidate {
  float score;
  std::ptrdiff_t id;

  bool operator<(const Candidate& other) const {
    return score != other.score ? score > other.score : id < other.id;
  }
};

// The number of candidates, in order, whose weights sum to the mass; the first part of the
// candidates is put in order.
std::ptrdiff_t size_of_nucleus(std::vector<Candidate>& candidates, const float* weights,
                               double mass) {
  const auto count = static_cast<std::ptrdiff_t>(candidates.size());
  double before = 0;
  std::ptrdiff_t done = 0;
  // Usually few candidates are enough, so that the others need not be put in order.
  for (std::ptrdiff_t size = 64; done < count; size *= 4) {
    const std::ptrdiff_t end = std::min(size, count);
    if (end < count) {
      std::nth_element(candidates.begin() + done, candidates.begin() + end, candidates.end());
    }
    std::sort(candidates.begin() + done, candidates.begin() + end);
    for (; done < end; ++done) {
      if (done > 0 && before >= mass) return done;
      before += weights[candidates[done].id];
    }
  }
  return count;
}

// Keeps the first candidates, in order, whose weights sum to the mass, and no other id.
void keep_first(std::vector<Candidate>& candidates, double mass, std::ptrdiff_t vocab_size,
                float* weights) {
  const std::ptrdiff_t size = size_of_nucleus(candidates, weights, mass);
  std::vector<float> kept;
  for (std::ptrdiff_t at = 0; at < size; ++at) kept.push_back(weights[candidates[at].id]);
  std::fill_n(weights, vocab_size, 0.0f);
  for (std::ptrdiff_t at = 0; at < size; ++at) weights[candidates[at].id] = kept[at];
}

// Keeps the smallest set of most probable ids whose probabilities sum to at least `top_p`.
void keep_top_p(double top_p, const float* scores, std::ptrdiff_t vocab_size, float* weights) {
  double total = 0;
  std::ptrdiff_t num_kept = 0;
  for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
    total += weights[id];
    num_kept += weights[id] > 0.0f;
  }
  // Ids below this weight have together less than what the others may leave over.
  const auto least =
      static_cast<float>(0.5 * (1.0 - top_p) * total / static_cast<double>(num_kept));
  std::vector<Candidate> candidates;
  for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
    if (weights[id] > 0.0f && weights[id] >= least) {
      candidates.push_back({scores[id], id});
    }
  }
  keep_first(candidates, top_p * total, vocab_size, weights);
}

// Keeps the ids whose log-probabilities are nearest to the negative entropy, until their
// probabilities sum to at least `typical_p`.
void keep_typical_p(const Sampler& sampler, const float* scores, std::ptrdiff_t vocab_size,
                    float* weights) {
  // A weight is exp((score - highest) / temperature), of which the exponent is more precise.
  float highest = kMinusInfinity;
  for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
    if (weights[id] > 0.0f) highest = std::max(highest, scores[id]);
  }
  const double factor = 1.0 / static_cast<double>(sampler.temperature);
  const auto exponent = [&](std::ptrdiff_t id) {
    return (static_cast<double>(scores[id]) - static_cast<double>(highest)) * factor;
  };
  double total = 0, sum = 0;
  for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
    if (!(weights[id] > 0.0f)) continue;
    total += weights[id];
    sum += weights[id] * exponent(id);
  }
  // The log-probability of an id is its exponent - log(total), and this is its expectation.
  const double expected = sum / total;
  std::vector<Candidate> candidates;
  for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
    if (!(weights[id] > 0.0f)) continue;
    candidates.push_back({static_cast<float>(-std::abs(exponent(id) - expected)), id});
  }
  keep_first(candidates, sampler.typical_p * total, vocab_size, weights);
}

}  // namespace

void filter_weights(const Sampler& sampler, const float* scores, std::ptrdiff_t vocab_size,
                    float* weights) {
  if (sampler.top_k > 0 && sampler.top_k < vocab_size) {
    const float last = kth_highest(scores, vocab_size, sampler.top_k);
    for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
      if (scores[id] < last) weights[id] = 0.0f;
    }
  }
  if (sampler.min_p > 0.0f) {
    for (std::ptrdiff_t id = 0; id < vocab_size; ++id) {
      if (weights[id] < sampler.min_p) weights[id] = 0.0f;
    }
  }
  if (sampler.top_p < 1.0) keep_top_p(sampler.top_p, scores, vocab_size, weights);
  if (sampler.typical_p < 1.0) keep_typical_p(sampler, scores, vocab_size, weights);
}

}  // namespace nextword
