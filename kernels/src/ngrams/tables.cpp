#include "ngrams/tables.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace nextword {

namespace {

// Number of words that are looked up together, so that the memory accesses overlap.
constexpr int64_t kBlock = 256;
constexpr int64_t kLanes = 16;
// Size of the ranges that are searched together.
constexpr int64_t kSmall = 16;

inline void prefetch(const void* place) {
#if defined(__GNUC__) || defined(__clang__)
  __builtin_prefetch(place);
#else
  (void)place;
#endif
}

template <class Number>
void fill_starts(const NgramLevel& level, int64_t vocab_size, int64_t num_contexts, int64_t order,
                 std::vector<Number>& starts) {
  starts.reserve(static_cast<std::size_t>(num_contexts) + 1);
  int64_t before = -1, next = 0;
  for (int64_t rank = 0; rank < level.num_ngrams; ++rank) {
    const int64_t key = level.keys[rank];
    if (key <= before || key / vocab_size >= num_contexts) {
      throw std::invalid_argument("the keys of order " + std::to_string(order) +
                                  " do not ascend, or have no context.");
    }
    before = key;
    for (const int64_t context = key / vocab_size; next <= context; ++next) {
      starts.push_back(static_cast<Number>(rank));
    }
  }
  for (; next <= num_contexts; ++next) starts.push_back(static_cast<Number>(level.num_ngrams));
}

// Look-ups of one order that wait for their turn.
struct Queue {
  int64_t size = 0;
  int64_t places[kBlock];
  int64_t contexts[kBlock];
  int64_t words[kBlock];

  void push(int64_t place, int64_t context, int64_t word) {
    places[size] = place;
    contexts[size] = context;
    words[size++] = word;
  }
};

// The n-grams that a look-up is among.
struct Range {
  const int64_t* base;
  int64_t size;
  int64_t wanted;
  int64_t place;
};

// Searches all ranges by halving, in step. They have an n-gram each; the largest governs the number
// of steps, so that ranges of similar size should be searched together.
void search(Range* ranges, int64_t num_ranges, const int64_t* keys, int64_t* ranks) {
  for (int64_t first = 0; first < num_ranges; first += kLanes) {
    Range* lanes = ranges + first;
    const int64_t num_lanes = std::min(kLanes, num_ranges - first);
    int64_t longest = 0;
    for (int64_t lane = 0; lane < num_lanes; ++lane) {
      longest = std::max(longest, lanes[lane].size);
    }
    for (; longest > 1; longest -= longest / 2) {
      for (int64_t lane = 0; lane < num_lanes; ++lane) {
        Range& range = lanes[lane];
        // 0 in a range that has one n-gram left, which then stays as it is.
        const int64_t half = range.size / 2;
        range.base += range.base[half] <= range.wanted ? half : 0;
        range.size -= half;
        prefetch(range.base + range.size / 2);
      }
    }
    for (int64_t lane = 0; lane < num_lanes; ++lane) {
      const Range& range = lanes[lane];
      ranks[range.place] = *range.base == range.wanted ? range.base - keys : kNotFound;
    }
  }
}

// Writes the rank of each n-gram of the queue to its place.
void find_queued(const NgramLevel& level, int64_t vocab_size, const Queue& queue, int64_t* ranks) {
  for (int64_t number = 0; number < queue.size; ++number) {
    const auto context = static_cast<std::size_t>(queue.contexts[number]);
    prefetch(level.short_starts.empty() ? static_cast<const void*>(&level.long_starts[context])
                                        : &level.short_starts[context]);
  }
  Range small[kBlock], large[kBlock];
  int64_t num_small = 0, num_large = 0;
  for (int64_t number = 0; number < queue.size; ++number) {
    const int64_t context = queue.contexts[number];
    const int64_t begin = level.begin(context);
    const int64_t size = level.begin(context + 1) - begin;
    ranks[queue.places[number]] = kNotFound;
    if (size == 0) continue;
    Range& range = size <= kSmall ? small[num_small++] : large[num_large++];
    range = {level.keys + begin, size, context * vocab_size + queue.words[number],
             queue.places[number]};
    prefetch(range.base + size / 2);
  }
  search(small, num_small, level.keys, ranks);
  search(large, num_large, level.keys, ranks);
}

}  // namespace

NgramIndex::NgramIndex(int64_t vocab_size, std::vector<NgramLevel> levels)
    : vocab_size_(vocab_size), levels_(std::move(levels)) {
  for (int64_t order = 2; order <= this->order(); ++order) {
    NgramLevel& level = levels_[static_cast<std::size_t>(order - 1)];
    const int64_t num_contexts = levels_[static_cast<std::size_t>(order - 2)].num_ngrams;
    if (level.num_ngrams < std::numeric_limits<uint32_t>::max()) {
      fill_starts(level, vocab_size_, num_contexts, order, level.short_starts);
    } else {
      fill_starts(level, vocab_size_, num_contexts, order, level.long_starts);
    }
  }
}

int64_t NgramIndex::num_bytes() const {
  std::size_t bytes = 0;
  for (const NgramLevel& level : levels_) {
    bytes += level.short_starts.size() * sizeof(uint32_t);
    bytes += level.long_starts.size() * sizeof(uint64_t);
  }
  return static_cast<int64_t>(bytes);
}

int64_t NgramIndex::find(int64_t order, int64_t context, int64_t word) const {
  const NgramLevel& level = this->level(order);
  const int64_t* begin = level.keys + level.begin(context);
  const int64_t* end = level.keys + level.begin(context + 1);
  const int64_t wanted = context * vocab_size_ + word;
  const int64_t* found = std::lower_bound(begin, end, wanted);
  return found != end && *found == wanted ? found - level.keys : kNotFound;
}

bool NgramIndex::find_all(int64_t order, const int64_t* contexts, const int64_t* words,
                          int64_t num_words, int64_t* ranks) const {
  Queue queue;
  bool is_any_found = false;
  for (int64_t first = 0; first < num_words; first += kBlock) {
    const int64_t end = std::min(num_words, first + kBlock);
    queue.size = 0;
    for (int64_t place = first; place < end; ++place) {
      ranks[place] = kNotFound;
      if (contexts[place] != kNotFound) queue.push(place, contexts[place], words[place]);
    }
    find_queued(level(order), vocab_size_, queue, ranks);
    for (int64_t place = first; place < end; ++place) is_any_found |= ranks[place] != kNotFound;
  }
  return is_any_found;
}

// Scores the words of a text block by block, all of an order at a time. Place 0 of a block is the
// last word of the block before.
class NgramIndex::Scoring {
 public:
  Scoring(const NgramIndex& index, const NgramText& text)
      : index_(index),
        text_(text),
        width_(text.num_before + text.num_targets),
        ranks_(static_cast<std::size_t>(index.order()) * (kBlock + 1), kNotFound) {}

  void run() {
    for (int64_t row = 0; row < text_.num_rows; ++row) {
      std::fill(ranks_.begin(), ranks_.end(), kNotFound);
      for (int64_t first = 0; first < width_; first += kBlock) {
        const int64_t size = std::min(kBlock, width_ - first);
        match(row, first, size);
        score(row, first, size);
        for (int64_t order = 1; order <= index_.order(); ++order) {
          ranks(order)[0] = ranks(order)[size];
        }
      }
    }
  }

 private:
  int64_t* ranks(int64_t order) {
    return ranks_.data() + static_cast<std::size_t>(order - 1) * (kBlock + 1);
  }

  // Finds the n-grams below the highest order that end at each word of a block.
  void match(int64_t row, int64_t first, int64_t size) {
    const int64_t* words = text_.words + row * width_ + first;
    std::copy(words, words + size, ranks(1) + 1);
    for (int64_t order = 2; order < index_.order(); ++order) {
      const int64_t* contexts = ranks(order - 1);
      int64_t* found = ranks(order);
      queue_.size = 0;
      for (int64_t place = 0; place < size; ++place) {
        found[place + 1] = kNotFound;
        const bool continues = words[place] != text_.start_id && words[place] != kNotFound;
        if (continues && contexts[place] != kNotFound) {
          queue_.push(place + 1, contexts[place], words[place]);
        }
      }
      find_queued(index_.level(order), index_.vocab_size_, queue_, found);
    }
  }

  // Scores the targets after the words of a block.
  void score(int64_t row, int64_t first, int64_t size) {
    const int64_t skipped = std::max<int64_t>(0, text_.num_before - first);
    if (skipped >= size) return;
    const int64_t num_scored = size - skipped;
    const int64_t offset = row * text_.num_targets + first + skipped - text_.num_before;
    const int64_t* targets = text_.targets + offset;
    const int64_t* words = text_.words + row * width_ + first + skipped;
    const int64_t last = first + size < width_ ? size : size - 1;
    for (int64_t place = 0; place < num_scored; ++place) {
      best_orders_[place] = 1;
      best_ranks_[place] = targets[place];
      target_ranks_[place] = targets[place];
      is_next_[place] = skipped + place < last && words[place + 1] == targets[place];
    }
    for (int64_t order = 2; order <= index_.order(); ++order) {
      const int64_t* contexts = ranks(order - 1) + 1 + skipped;
      const int64_t* following = ranks(order) + 2 + skipped;
      const bool is_matched = order < index_.order();
      queue_.size = 0;
      for (int64_t place = 0; place < num_scored; ++place) {
        target_ranks_[place] = kNotFound;
        // The rank of the next word's n-gram is known, if that word is in the block.
        if (is_matched && is_next_[place] && skipped + place + 1 < size) {
          target_ranks_[place] = following[place];
        } else if (is_matched && is_next_[place] && targets[place] == text_.start_id) {
          continue;
        } else if (contexts[place] != kNotFound) {
          queue_.push(place, contexts[place], targets[place]);
        }
      }
      find_queued(index_.level(order), index_.vocab_size_, queue_, target_ranks_);
      for (int64_t place = 0; place < num_scored; ++place) {
        if (target_ranks_[place] == kNotFound) continue;
        best_orders_[place] = order;
        best_ranks_[place] = target_ranks_[place];
      }
    }
    add_weights(skipped, num_scored, offset);
  }

  // Adds the weights of backing off, from the longest context down as the reference does.
  void add_weights(int64_t skipped, int64_t num_scored, int64_t offset) {
    for (int64_t place = 0; place < num_scored; ++place) {
      const int64_t best = best_orders_[place];
      const double own = index_.level(best).log_probs[best_ranks_[place]];
      double weights = 0.0;
      for (int64_t order = index_.order() - 1; order >= best; --order) {
        const int64_t rank = ranks(order)[1 + skipped + place];
        if (rank != kNotFound) weights += index_.level(order).backoffs[rank];
      }
      text_.log_probs[offset + place] = static_cast<float>(own + weights);
      if (text_.orders != nullptr) text_.orders[offset + place] = best;
    }
  }

  const NgramIndex& index_;
  const NgramText& text_;
  int64_t width_;
  std::vector<int64_t> ranks_;
  Queue queue_;
  int64_t best_orders_[kBlock];
  int64_t best_ranks_[kBlock];
  int64_t target_ranks_[kBlock];
  bool is_next_[kBlock];
};

void NgramIndex::score(const NgramText& text) const { Scoring(*this, text).run(); }

}  // namespace nextword
