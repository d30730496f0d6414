// Scores of sentences of words, as the module `kenlm` computes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ngrams/tables.hpp"
#include "ngrams/word_table.hpp"

namespace nextword {

// The score of a word after those before it.
struct WordScore {
  double log10;
  int64_t length;  // number of words of the n-gram that it was found in
  bool is_unknown;
};

struct SentenceSettings {
  int64_t unknown_id;
  int64_t start_id;
  int64_t end_id;
  double start_log10;  // of `<s>` as a word
};

class SentenceScorer {
 public:
  SentenceScorer(std::shared_ptr<const NgramIndex> index, WordTable words,
                 SentenceSettings settings);

  // The ids of the words between ASCII white space.
  std::vector<int64_t> ids_of(std::string_view sentence, bool has_end) const;

  // The score of each id, after `<s>` or after nothing.
  std::vector<WordScore> score(const std::vector<int64_t>& ids, bool has_start) const;

 private:
  double start_score(const std::vector<int64_t>& ranks, std::size_t place) const;

  std::shared_ptr<const NgramIndex> index_;
  WordTable words_;
  SentenceSettings settings_;
};

}  // namespace nextword
