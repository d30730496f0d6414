// A hash table from keys to their ranks, which are looked up many at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nextword {

// The rank of a key that is not stored.
inline constexpr int64_t kNotFound = -1;

// Number of keys that are looked up together, so that their memory accesses overlap.
inline constexpr int64_t kBlock = 256;

// The keys are in ascending order, and the rank of a key is its place among them. A slot holds the
// rank, and in the bits that ranks leave free a part of the hash. So a key that is not stored is
// rarely compared. There are two slots for each key: 8 bytes.
class RankTable {
 public:
  RankTable() = default;

  // Reads the keys as long as it lives. Throws std::invalid_argument if there are 2^31 or more.
  RankTable(const int64_t* keys, int64_t num_keys);

  int64_t find(int64_t key) const;

  // Writes the rank of each key; num_keys is at most kBlock.
  void find_all(const int64_t* keys, int64_t num_keys, int64_t* ranks) const;

  std::size_t num_bytes() const { return slots_.size() * sizeof(uint32_t); }

 private:
  struct Search {
    std::size_t slot;
    uint32_t tag;
  };

  Search search_of(int64_t key) const;
  int64_t next_candidate(Search& search) const;
  int64_t find_from(Search search, int64_t candidate, int64_t key) const;

  const int64_t* keys_ = nullptr;
  int rank_bits_ = 0;
  std::vector<uint32_t> slots_;
};

}  // namespace nextword
