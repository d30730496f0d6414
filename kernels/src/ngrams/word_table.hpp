// A hash table from words to their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nextword {

class WordTable {
 public:
  // Of a word that is given twice, the last id counts.
  WordTable(const std::vector<std::string>& words, const std::vector<int64_t>& ids);

  // Appends the id of each word between ASCII white space, `unknown_id` for other words.
  void append_ids(std::string_view sentence, int64_t unknown_id, std::vector<int64_t>& ids) const;

 private:
  struct Slot {
    uint32_t tag;     // a part of the hash
    uint32_t number;  // of the word, from 1; 0: empty
  };
  struct Word {
    std::size_t begin;  // in text_
    std::size_t size;
    int64_t id;
  };

  Slot* slot_of(std::string_view word, std::size_t hash);
  const Slot* slot_of(std::string_view word, std::size_t hash) const;
  std::string_view text_of(const Word& word) const {
    return {text_.data() + word.begin, word.size};
  }

  std::string text_;
  std::vector<Word> words_;
  std::vector<Slot> slots_;  // their number is a power of two
};

}  // namespace nextword
