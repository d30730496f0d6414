#include "ngrams/sentences.hpp"

#include <algorithm>
#include <cmath>

namespace nextword {

namespace {

const double kLn10 = std::log(10.0);

bool is_white_space(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

}  // namespace

SentenceScorer::SentenceScorer(std::shared_ptr<const NgramIndex> index,
                               std::vector<std::string> words, std::vector<int64_t> ids,
                               SentenceSettings settings)
    : index_(std::move(index)), words_(std::move(words)), settings_(settings) {
  ids_.reserve(words_.size());
  for (std::size_t number = 0; number < words_.size(); ++number) {
    ids_[words_[number]] = ids[number];
  }
}

int64_t SentenceScorer::id_of(std::string_view word) const {
  const auto found = ids_.find(word);
  return found == ids_.end() ? settings_.unknown_id : found->second;
}

std::vector<int64_t> SentenceScorer::ids_of(std::string_view sentence, bool has_end) const {
  std::vector<int64_t> ids;
  ids.reserve(sentence.size() / 4 + 2);
  std::size_t end = 0;
  while (true) {
    std::size_t begin = end;
    while (begin < sentence.size() && is_white_space(sentence[begin])) ++begin;
    if (begin == sentence.size()) break;
    end = begin;
    while (end < sentence.size() && !is_white_space(sentence[end])) ++end;
    ids.push_back(id_of(sentence.substr(begin, end - begin)));
  }
  if (has_end) ids.push_back(settings_.end_id);
  return ids;
}

// Looks up all words order by order. The sums are in the order of the reference in Python.
std::vector<WordScore> SentenceScorer::score(const std::vector<int64_t>& ids,
                                             bool has_start) const {
  const auto num_words = static_cast<int64_t>(ids.size());
  const auto max_length = static_cast<std::size_t>(index_->order());
  // For each length from 1, the n-gram that ends at each word; place 0 is before the first word.
  const std::size_t width = ids.size() + 1;
  std::vector<int64_t> ranks(max_length * width, kNotFound);
  if (has_start) ranks[0] = settings_.start_id;
  std::copy(ids.begin(), ids.end(), ranks.begin() + 1);
  for (std::size_t length = 2; length <= max_length; ++length) {
    const int64_t* contexts = ranks.data() + (length - 2) * width;
    int64_t* found = ranks.data() + (length - 1) * width + 1;
    const auto order = static_cast<int64_t>(length);
    if (!index_->find_all(order, contexts, ids.data(), num_words, found)) break;
  }
  std::vector<WordScore> scores;
  scores.reserve(ids.size());
  for (std::size_t place = 1; place < width; ++place) {
    std::size_t length = max_length;
    while (length > 1 && ranks[(length - 1) * width + place] == kNotFound) --length;
    const auto& level = index_->level(static_cast<int64_t>(length));
    double log_prob = level.log_probs[ranks[(length - 1) * width + place]];
    double weights = 0.0;
    for (std::size_t order = 1; order < max_length; ++order) {
      const int64_t context = ranks[(order - 1) * width + place - 1];
      if (context == kNotFound) continue;
      const double weight = index_->level(static_cast<int64_t>(order)).backoffs[context];
      weights += weight;
      if (order >= length) log_prob += weight;
    }
    const int64_t word = ids[place - 1];
    const bool is_start = word == settings_.start_id && length == 1;
    scores.push_back({is_start ? settings_.start_log10 + weights / kLn10 : log_prob / kLn10,
                      static_cast<int64_t>(length), word == settings_.unknown_id});
  }
  return scores;
}

}  // namespace nextword
