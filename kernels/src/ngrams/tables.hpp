// Back-off n-gram tables: look-ups of n-grams and scores of words.
//
// An n-gram of an order from 2 on has the key `context * vocab_size + word`, where `context` is the
// rank of its context one order below. The keys of an order ascend, and the rank of an n-gram is its
// place among them. The index of an order is a hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ngrams/rank_table.hpp"

namespace nextword {

// The n-grams of one order.
struct NgramLevel {
  const int64_t* keys;     // (num_ngrams), ascending; null at order 1
  const float* log_probs;  // (num_ngrams), nats
  const float* backoffs;   // (num_ngrams), logarithms; null at the highest order
  int64_t num_ngrams;
  RankTable ranks;         // of the keys; empty at order 1
};

// The words of one or several rows, each after the words before its first target.
struct NgramText {
  const int64_t* words;    // (num_rows, num_before + num_targets): ids; kNotFound before the first
  const int64_t* targets;  // (num_rows, num_targets)
  int64_t num_rows;
  int64_t num_before;
  int64_t num_targets;
  int64_t start_id;  // n-grams do not cross it
  float* log_probs;  // (num_rows, num_targets), of the target after each of the last words; nats
  int64_t* orders;   // (num_rows, num_targets), of the n-gram that ends with it; null: not wanted
};

class NgramIndex {
 public:
  // Builds the index. Throws std::invalid_argument if keys do not ascend or have no context.
  NgramIndex(int64_t vocab_size, std::vector<NgramLevel> levels);

  int64_t vocab_size() const { return vocab_size_; }
  int64_t order() const { return static_cast<int64_t>(levels_.size()); }
  const NgramLevel& level(int64_t order) const {
    return levels_[static_cast<std::size_t>(order - 1)];
  }
  int64_t num_bytes() const;

  // Returns the rank of an n-gram of an order from 2 on; `context` is a rank, not kNotFound.
  int64_t find(int64_t order, int64_t context, int64_t word) const;

  // Writes the rank of each n-gram that a word forms with its context, which may be kNotFound;
  // num_words is at most kBlock. Returns whether any is stored.
  bool find_all(int64_t order, const int64_t* contexts, const int64_t* words, int64_t num_words,
                int64_t* ranks) const;

  void score(const NgramText& text) const;

 private:
  class Scoring;

  int64_t vocab_size_;
  std::vector<NgramLevel> levels_;
};

}  // namespace nextword
