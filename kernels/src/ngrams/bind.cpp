// Python bindings of the n-gram tables.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>

#include "bindings.hpp"
#include "checks.hpp"
#include "ngrams/sentences.hpp"
#include "ngrams/tables.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nextword {

namespace {

using Arrays = std::vector<ReadArray>;

std::string numbered(const char* name, std::size_t order) {
  return std::string(name) + " of order " + std::to_string(order);
}

// Tables and the arrays that they read, which stay alive as long as they do.
class PyNgramIndex {
 public:
  PyNgramIndex(int64_t vocab_size, Arrays keys, Arrays log_probs, Arrays backoffs)
      : keys_(std::move(keys)), log_probs_(std::move(log_probs)), backoffs_(std::move(backoffs)) {
    const std::size_t order = log_probs_.size();
    if (order < 1 || keys_.size() + 1 != order || backoffs_.size() + 1 != order) {
      throw std::invalid_argument(
          "log_probs has an array for each order; keys lacks that of order 1, and backoffs that of "
          "the highest.");
    }
    if (vocab_size < 1 || vocab_size > int64_t{1} << 31) {
      throw std::invalid_argument("vocab_size is " + std::to_string(vocab_size) +
                                  "; it must be from 1 to 2^31.");
    }
    CallArrays arrays;
    std::vector<NgramLevel> levels;
    for (std::size_t number = 1; number <= order; ++number) {
      const std::string log_probs_name = numbered("log_probs", number);
      const Shape shape = shape_of_array(log_probs_[number - 1], log_probs_name.c_str(), 1);
      NgramLevel level{};
      level.num_ngrams = shape[0];
      level.log_probs = arrays.read(log_probs_[number - 1], log_probs_name.c_str(), shape);
      if (number > 1) {
        const std::string name = numbered("keys", number);
        level.keys = arrays.read_ids(keys_[number - 2], name.c_str(), shape);
      } else if (level.num_ngrams != vocab_size) {
        throw std::invalid_argument("log_probs of order 1 has " + std::to_string(shape[0]) +
                                    " values; it must have " + std::to_string(vocab_size) + ".");
      }
      if (number < order) {
        const std::string name = numbered("backoffs", number);
        level.backoffs = arrays.read(backoffs_[number - 1], name.c_str(), shape);
      }
      levels.push_back(std::move(level));
    }
    const nb::gil_scoped_release released;
    index_ = std::make_shared<NgramIndex>(vocab_size, std::move(levels));
  }

  const std::shared_ptr<const NgramIndex>& index() const { return index_; }

  int64_t find(int64_t order, int64_t context, int64_t word) const {
    if (order < 2 || order > index_->order()) {
      throw std::invalid_argument("order is " + std::to_string(order) + "; it must be from 2 to " +
                                  std::to_string(index_->order()) + ".");
    }
    check_ids(&word, 1, index_->vocab_size(), "word");
    if (context == kNotFound) return kNotFound;
    check_ids(&context, 1, index_->level(order - 1).num_ngrams, "context");
    return index_->find(order, context, word);
  }

  void score(const ReadArray& words, const ReadArray& target_ids, int64_t start_id,
             const WriteArray& log_probs, const OptionalWriteArray& orders) const {
    const Shape targets_shape = shape_of_array(target_ids, "target_ids", 2);
    Shape shape = shape_of_array(words, "words", 2);
    if (shape[0] != targets_shape[0] || shape[1] < targets_shape[1]) {
      throw std::invalid_argument("words has fewer rows or columns than target_ids.");
    }
    CallArrays arrays;
    NgramText text{};
    text.num_rows = shape[0];
    text.num_targets = targets_shape[1];
    text.num_before = shape[1] - targets_shape[1];
    text.start_id = start_id;
    text.words = arrays.read_ids(words, "words", shape);
    text.targets = arrays.read_ids(target_ids, "target_ids", targets_shape);
    text.log_probs = arrays.write(log_probs, "log_probs", targets_shape);
    text.orders = orders ? arrays.write_ids(*orders, "orders", targets_shape) : nullptr;
    arrays.finish();
    for (std::ptrdiff_t place = 0; place < shape[0] * shape[1]; ++place) {
      const int64_t word = text.words[place];
      if (word != kNotFound) check_ids(&word, 1, index_->vocab_size(), "words");
    }
    check_ids(text.targets, targets_shape[0] * targets_shape[1], index_->vocab_size(),
              "target_ids");
    const nb::gil_scoped_release released;
    index_->score(text);
  }

 private:
  Arrays keys_, log_probs_, backoffs_;
  std::shared_ptr<const NgramIndex> index_;
};

class PySentenceScorer {
 public:
  PySentenceScorer(const PyNgramIndex& tables, const std::vector<std::string>& words,
                   const ReadArray& ids, int64_t unknown_id, int64_t start_id, int64_t end_id,
                   double start_log10)
      : vocab_size_(tables.index()->vocab_size()) {
    for (const int64_t id : {unknown_id, start_id, end_id}) {
      check_ids(&id, 1, vocab_size_, "a special id");
    }
    CallArrays arrays;
    const auto num_words = static_cast<std::ptrdiff_t>(words.size());
    const int64_t* numbers = arrays.read_ids(ids, "ids", {num_words});
    check_ids(numbers, num_words, vocab_size_, "ids");
    scorer_ = std::make_unique<SentenceScorer>(
        tables.index(), WordTable(words, std::vector<int64_t>(numbers, numbers + num_words)),
        SentenceSettings{unknown_id, start_id, end_id, start_log10});
  }

  double score(nb::handle sentence, bool has_start, bool has_end) const {
    return sum(scorer_->score(ids_of(sentence, has_end), has_start));
  }

  double score_ids(const std::vector<int64_t>& ids, bool has_start) const {
    check_ids(ids.data(), static_cast<std::ptrdiff_t>(ids.size()), vocab_size_, "ids");
    return sum(scorer_->score(ids, has_start));
  }

  nb::list full_scores(nb::handle sentence, bool has_start, bool has_end) const {
    nb::list scores;
    for (const WordScore& word : scorer_->score(ids_of(sentence, has_end), has_start)) {
      scores.append(nb::make_tuple(word.log10, word.length, word.is_unknown));
    }
    return scores;
  }

 private:
  static double sum(const std::vector<WordScore>& words) {
    double sum = 0.0;
    for (const WordScore& word : words) sum += word.log10;
    return sum;
  }

  std::vector<int64_t> ids_of(nb::handle sentence, bool has_end) const {
    Py_ssize_t size = 0;
    const char* text = nullptr;
    if (PyUnicode_Check(sentence.ptr())) {
      text = PyUnicode_AsUTF8AndSize(sentence.ptr(), &size);
    } else if (PyBytes_Check(sentence.ptr())) {
      char* bytes = nullptr;
      if (PyBytes_AsStringAndSize(sentence.ptr(), &bytes, &size) == 0) text = bytes;
    } else {
      throw nb::type_error("sentence must be str or bytes.");
    }
    if (text == nullptr) throw nb::python_error();
    return scorer_->ids_of({text, static_cast<std::size_t>(size)}, has_end);
  }

  int64_t vocab_size_;
  std::unique_ptr<SentenceScorer> scorer_;
};

}  // namespace

void bind_ngrams(nb::module_& module) {
  nb::class_<PyNgramIndex>(module, "NgramIndex")
      .def(nb::init<int64_t, Arrays, Arrays, Arrays>(), nb::kw_only(), "vocab_size"_a, "keys"_a,
           "log_probs"_a, "backoffs"_a)
      .def_prop_ro("vocab_size", [](const PyNgramIndex& self) { return self.index()->vocab_size(); })
      .def_prop_ro("order", [](const PyNgramIndex& self) { return self.index()->order(); })
      .def_prop_ro("num_bytes", [](const PyNgramIndex& self) { return self.index()->num_bytes(); })
      .def("find", &PyNgramIndex::find, "order"_a, "context"_a, "word"_a)
      .def("score", &PyNgramIndex::score, "words"_a, "target_ids"_a, nb::kw_only(), "start_id"_a,
           "log_probs"_a, "orders"_a = nb::none());
  nb::class_<PySentenceScorer>(module, "SentenceScorer")
      .def(nb::init<const PyNgramIndex&, const std::vector<std::string>&, const ReadArray&, int64_t,
                    int64_t, int64_t, double>(),
           "tables"_a, nb::kw_only(), "words"_a, "ids"_a, "unknown_id"_a, "start_id"_a, "end_id"_a,
           "start_log10"_a, nb::keep_alive<1, 2>())
      .def("score", &PySentenceScorer::score, "sentence"_a, "bos"_a = true, "eos"_a = true)
      .def("score_ids", &PySentenceScorer::score_ids, "ids"_a, "bos"_a = true)
      .def("full_scores", &PySentenceScorer::full_scores, "sentence"_a, "bos"_a = true,
           "eos"_a = true);
}

}  // namespace nextword
