#include "ngrams/rank_table.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "ngrams/prefetch.hpp"

namespace nextword {

namespace {

constexpr uint32_t kEmpty = 0xffffffff;

// Each bit of the result depends on all bits of the key (the last steps of SplitMix64).
uint64_t hash_of(int64_t key) {
  auto bits = static_cast<uint64_t>(key);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

RankTable::RankTable(const int64_t* keys, int64_t num_keys) : keys_(keys) {
  if (num_keys >= int64_t{1} << 31) {
    throw std::invalid_argument(std::to_string(num_keys) +
                                " n-grams of one order are too many for an index.");
  }
  // The largest rank has a bit that is 0, so that no slot in use equals kEmpty.
  while (num_keys >> rank_bits_ != 0) ++rank_bits_;
  slots_.assign(static_cast<std::size_t>(2 * num_keys + 1), kEmpty);
  Search searches[kBlock];
  for (int64_t first = 0; first < num_keys; first += kBlock) {
    const int64_t size = std::min(kBlock, num_keys - first);
    for (int64_t place = 0; place < size; ++place) {
      searches[place] = search_of(keys[first + place]);
      prefetch(&slots_[searches[place].slot]);
    }
    for (int64_t place = 0; place < size; ++place) {
      auto [slot, tag] = searches[place];
      while (slots_[slot] != kEmpty) slot = slot + 1 < slots_.size() ? slot + 1 : 0;
      slots_[slot] = tag << rank_bits_ | static_cast<uint32_t>(first + place);
    }
  }
}

RankTable::Search RankTable::search_of(int64_t key) const {
  const uint64_t hash = hash_of(key);
  return {static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32),
          static_cast<uint32_t>(hash) & (kEmpty >> rank_bits_)};
}

// Returns the next rank with the tag; the search goes on behind it.
int64_t RankTable::next_candidate(Search& search) const {
  while (true) {
    const uint32_t entry = slots_[search.slot];
    if (entry == kEmpty) return kNotFound;
    search.slot = search.slot + 1 < slots_.size() ? search.slot + 1 : 0;
    if (entry >> rank_bits_ == search.tag) return entry & ~(kEmpty << rank_bits_);
  }
}

int64_t RankTable::find_from(Search search, int64_t candidate, int64_t key) const {
  while (candidate != kNotFound && keys_[candidate] != key) candidate = next_candidate(search);
  return candidate;
}

int64_t RankTable::find(int64_t key) const {
  Search search = search_of(key);
  const int64_t candidate = next_candidate(search);
  return find_from(search, candidate, key);
}

void RankTable::find_all(const int64_t* keys, int64_t num_keys, int64_t* ranks) const {
  Search searches[kBlock];
  for (int64_t place = 0; place < num_keys; ++place) {
    searches[place] = search_of(keys[place]);
    prefetch(&slots_[searches[place].slot]);
  }
  for (int64_t place = 0; place < num_keys; ++place) {
    ranks[place] = next_candidate(searches[place]);
    prefetch(keys_ + std::max<int64_t>(ranks[place], 0));
  }
  for (int64_t place = 0; place < num_keys; ++place) {
    ranks[place] = find_from(searches[place], ranks[place], keys[place]);
  }
}

}  // namespace nextword
