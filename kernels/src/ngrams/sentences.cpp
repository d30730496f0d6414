#include "ngrams/sentences.hpp"

#include <algorithm>
#include <cmath>

namespace nextword {

namespace {

const double kLn10 = std::log(10.0);

}  // namespace

SentenceScorer::SentenceScorer(std::shared_ptr<const NgramIndex> index, WordTable words,
                               SentenceSettings settings)
    : index_(std::move(index)), words_(std::move(words)), settings_(settings) {}

std::vector<int64_t> SentenceScorer::ids_of(std::string_view sentence, bool has_end) const {
  std::vector<int64_t> ids;
  ids.reserve(sentence.size() / 4 + 2);
  words_.append_ids(sentence, settings_.unknown_id, ids);
  if (has_end) ids.push_back(settings_.end_id);
  return ids;
}

// Looks up all words order by order. The sums are in the order of the reference in Python.
std::vector<WordScore> SentenceScorer::score(const std::vector<int64_t>& ids,
                                             bool has_start) const {
  const auto num_words = static_cast<int64_t>(ids.size());
  const int64_t max_length = index_->order();
  // For each length from 1, the n-gram that ends at each word; place 0 is before the first word.
  const std::size_t width = ids.size() + 1;
  std::vector<int64_t> ranks(static_cast<std::size_t>(max_length) * width, kNotFound);
  if (has_start) ranks[0] = settings_.start_id;
  std::copy(ids.begin(), ids.end(), ranks.begin() + 1);
  bool is_any_found = true;
  for (int64_t length = 2; length <= max_length && is_any_found; ++length) {
    const int64_t* contexts = ranks.data() + static_cast<std::size_t>(length - 2) * width;
    int64_t* found = ranks.data() + static_cast<std::size_t>(length - 1) * width + 1;
    is_any_found = false;
    for (int64_t first = 0; first < num_words; first += kBlock) {
      is_any_found |= index_->find_all(length, contexts + first, ids.data() + first,
                                       std::min(kBlock, num_words - first), found + first);
    }
  }
  std::vector<WordScore> scores;
  scores.reserve(ids.size());
  for (std::size_t place = 1; place < width; ++place) {
    const auto rank_of = [&](int64_t length, std::size_t at) {
      return ranks[static_cast<std::size_t>(length - 1) * width + at];
    };
    int64_t length = max_length;
    while (length > 1 && rank_of(length, place) == kNotFound) --length;
    double log_prob = index_->level(length).log_probs[rank_of(length, place)];
    for (int64_t order = length; order < max_length; ++order) {
      const int64_t context = rank_of(order, place - 1);
      if (context != kNotFound) log_prob += index_->level(order).backoffs[context];
    }
    const int64_t word = ids[place - 1];
    const bool is_start = word == settings_.start_id && length == 1;
    scores.push_back({is_start ? start_score(ranks, place) : log_prob / kLn10, length,
                      word == settings_.unknown_id});
  }
  return scores;
}

// Returns the log10 probability of `<s>` as a word: its own, and the weights of all its contexts.
double SentenceScorer::start_score(const std::vector<int64_t>& ranks, std::size_t place) const {
  const std::size_t width = ranks.size() / static_cast<std::size_t>(index_->order());
  double weights = 0.0;
  for (int64_t order = 1; order < index_->order(); ++order) {
    const int64_t context = ranks[static_cast<std::size_t>(order - 1) * width + place - 1];
    if (context != kNotFound) weights += index_->level(order).backoffs[context];
  }
  return settings_.start_log10 + weights / kLn10;
}

}  // namespace nextword
