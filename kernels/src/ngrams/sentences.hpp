// Scores of sentences of words, as the module `kenlm` computes them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ngrams/tables.hpp"

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
  SentenceScorer(std::shared_ptr<const NgramIndex> index, std::vector<std::string> words,
                 std::vector<int64_t> ids, SentenceSettings settings);

  // The ids of the words between ASCII white space.
  std::vector<int64_t> ids_of(std::string_view sentence, bool has_end) const;

  // The score of each id, after `<s>` or after nothing.
  std::vector<WordScore> score(const std::vector<int64_t>& ids, bool has_start) const;

 private:
  int64_t id_of(std::string_view word) const;

  std::shared_ptr<const NgramIndex> index_;
  std::vector<std::string> words_;
  std::unordered_map<std::string_view, int64_t> ids_;
  SentenceSettings settings_;
};

}  // namespace nextword
