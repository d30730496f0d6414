#include "ngrams/tables.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "ngrams/prefetch.hpp"

namespace nextword {

namespace {

// Throws std::invalid_argument if keys do not ascend or have no context.
void check_keys(const NgramLevel& level, int64_t vocab_size, int64_t num_contexts, int64_t order) {
  int64_t before = -1;
  bool ascends = true;
  for (int64_t rank = 0; rank < level.num_ngrams; ++rank) {
    ascends &= level.keys[rank] > before;
    before = level.keys[rank];
  }
  const bool has_contexts = before < 0 || before / vocab_size < num_contexts;
  if (!ascends || !has_contexts) {
    throw std::invalid_argument("the keys of order " + std::to_string(order) +
                                " do not ascend, or have no context.");
  }
}

// Look-ups of one order that wait for their turn.
struct Queue {
  int64_t size = 0;
  int64_t places[kBlock];
  int64_t keys[kBlock];

  void push_if(bool wanted, int64_t place, int64_t key) {
    places[size] = place;
    keys[size] = key;
    size += wanted;
  }
};

// Writes the rank of each n-gram of the queue to its place.
void find_queued(const NgramLevel& level, const Queue& queue, int64_t* ranks) {
  int64_t found[kBlock];
  level.ranks.find_all(queue.keys, queue.size, found);
  for (int64_t number = 0; number < queue.size; ++number) {
    ranks[queue.places[number]] = found[number];
    const int64_t rank = std::max<int64_t>(found[number], 0);
    prefetch(level.log_probs + rank);
    if (level.backoffs != nullptr) prefetch(level.backoffs + rank);
  }
}

}  // namespace

NgramIndex::NgramIndex(int64_t vocab_size, std::vector<NgramLevel> levels)
    : vocab_size_(vocab_size), levels_(std::move(levels)) {
  for (int64_t order = 2; order <= this->order(); ++order) {
    NgramLevel& level = levels_[static_cast<std::size_t>(order - 1)];
    check_keys(level, vocab_size_, this->level(order - 1).num_ngrams, order);
    level.ranks = RankTable(level.keys, level.num_ngrams);
  }
}

int64_t NgramIndex::num_bytes() const {
  std::size_t bytes = 0;
  for (const NgramLevel& level : levels_) bytes += level.ranks.num_bytes();
  return static_cast<int64_t>(bytes);
}

int64_t NgramIndex::find(int64_t order, int64_t context, int64_t word) const {
  return level(order).ranks.find(context * vocab_size_ + word);
}

bool NgramIndex::find_all(int64_t order, const int64_t* contexts, const int64_t* words,
                          int64_t num_words, int64_t* ranks) const {
  Queue queue;
  for (int64_t place = 0; place < num_words; ++place) {
    ranks[place] = kNotFound;
    queue.push_if(contexts[place] != kNotFound, place, contexts[place] * vocab_size_ + words[place]);
  }
  find_queued(level(order), queue, ranks);
  return std::any_of(ranks, ranks + num_words, [](int64_t rank) { return rank != kNotFound; });
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

  int64_t key_of(int64_t context, int64_t word) const {
    return context * index_.vocab_size_ + word;
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
        queue_.push_if(continues && contexts[place] != kNotFound, place + 1,
                       key_of(contexts[place], words[place]));
      }
      find_queued(index_.level(order), queue_, found);
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
        } else {
          queue_.push_if(contexts[place] != kNotFound, place,
                         key_of(contexts[place], targets[place]));
        }
      }
      find_queued(index_.level(order), queue_, target_ranks_);
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
