// How the next token of a row is drawn, and the filters of a distribution.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nextword {

// The order of the filters: repetition penalty, temperature, top-k, min-p, top-p, typical-p.
struct Sampler {
  std::ptrdiff_t vocab_size = 0;
  float temperature = 1.0f;  // 0: the most probable token
  std::ptrdiff_t top_k = 0;  // 0: no limit
  float min_p = 0.0f;
  double top_p = 1.0;
  double typical_p = 1.0;
  float repetition_penalty = 1.0f;
  std::vector<uint8_t> banned;  // (vocab_size), not 0 for ids that are never drawn; empty: none
  std::ptrdiff_t last_banned = -1;

  bool has_filters() const {
    return top_k > 0 || min_p > 0.0f || top_p < 1.0 || typical_p < 1.0;
  }

  // Whether a draw that bans only the first `num_words` ids needs no other distribution than the
  // model's.
  bool is_plain(std::ptrdiff_t num_words) const {
    const bool is_unchanged = temperature == 0.0f || (temperature == 1.0f && !has_filters());
    return is_unchanged && repetition_penalty == 1.0f && last_banned < num_words;
  }
};

// Sets the weights of ids that the filters after the temperature remove to 0.
//
// `scores` has the same order as the weights, but differs between ids whose weights are rounded to
// the same number. The highest weight is 1.
void filter_weights(const Sampler& sampler, const float* scores, std::ptrdiff_t vocab_size,
                    float* weights);

}  // namespace nextword
