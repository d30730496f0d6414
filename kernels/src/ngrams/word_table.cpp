#include "ngrams/word_table.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "ngrams/prefetch.hpp"

namespace nextword {

namespace {

// Number of words that are looked up together, so that their memory accesses overlap.
constexpr std::size_t kWords = 64;

bool is_white_space(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

std::size_t hash_of(std::string_view word) { return std::hash<std::string_view>()(word); }

uint32_t tag_of(std::size_t hash) { return static_cast<uint32_t>(hash >> (sizeof(hash) * 4)); }

}  // namespace

WordTable::WordTable(const std::vector<std::string>& words, const std::vector<int64_t>& ids) {
  if (words.size() >= std::size_t{1} << 31) {
    throw std::invalid_argument(std::to_string(words.size()) + " words are too many for a table.");
  }
  std::size_t num_slots = 2;
  while (num_slots < 2 * words.size()) num_slots *= 2;
  slots_.assign(num_slots, Slot{});
  for (std::size_t number = 0; number < words.size(); ++number) {
    const std::size_t hash = hash_of(words[number]);
    Slot* slot = slot_of(words[number], hash);
    if (slot->number != 0) {
      words_[slot->number - 1].id = ids[number];
      continue;
    }
    words_.push_back({text_.size(), words[number].size(), ids[number]});
    text_ += words[number];
    *slot = {tag_of(hash), static_cast<uint32_t>(words_.size())};
  }
}

// Returns the slot of a word, or the empty one that it would have.
const WordTable::Slot* WordTable::slot_of(std::string_view word, std::size_t hash) const {
  std::size_t place = hash & (slots_.size() - 1);
  while (true) {
    const Slot& slot = slots_[place];
    if (slot.number == 0) return &slot;
    if (slot.tag == tag_of(hash) && text_of(words_[slot.number - 1]) == word) return &slot;
    place = (place + 1) & (slots_.size() - 1);
  }
}

WordTable::Slot* WordTable::slot_of(std::string_view word, std::size_t hash) {
  return const_cast<Slot*>(std::as_const(*this).slot_of(word, hash));
}

void WordTable::append_ids(std::string_view sentence, int64_t unknown_id,
                           std::vector<int64_t>& ids) const {
  std::string_view words[kWords];
  std::size_t hashes[kWords];
  const char* place = sentence.data();
  const char* const end = place + sentence.size();
  while (true) {
    std::size_t num_words = 0;
    while (num_words < kWords) {
      place = std::find_if_not(place, end, is_white_space);
      if (place == end) break;
      const char* const begin = place;
      place = std::find_if(begin, end, is_white_space);
      words[num_words] = {begin, static_cast<std::size_t>(place - begin)};
      hashes[num_words] = hash_of(words[num_words]);
      prefetch(&slots_[hashes[num_words] & (slots_.size() - 1)]);
      ++num_words;
    }
    for (std::size_t number = 0; number < num_words; ++number) {
      const Slot* slot = slot_of(words[number], hashes[number]);
      ids.push_back(slot->number == 0 ? unknown_id : words_[slot->number - 1].id);
    }
    if (num_words < kWords) return;
  }
}

}  // namespace nextword
