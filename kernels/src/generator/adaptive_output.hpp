// The adaptive softmax: a head over the most frequent words and one entry for each tail, and a
// softmax over the words of each tail, on a narrower projection.
//
// Words are in the order of their ids: those of the head, then those of each tail. So one uniform
// number that chooses a tail in the head chooses the word in it too, with what is left of the
// number: the same word as a draw from the whole distribution.
#pragma once

#include "row_product.hpp"
#include "scores.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

template <class Number>
class AdaptiveOutput {
 public:
  AdaptiveOutput(const NetworkSteps& args, Member member)
      : args_(args), network_(*args.network), memory_(*args.memory), member_(member) {}

  // Writes the log-probabilities of all words to the scores of the first places.
  void score_all(std::ptrdiff_t num_places) {
    score_head(num_places, [&](std::ptrdiff_t row, const ScoredRow& scored) {
      add_log_probs(scored, num_head_words(), 0.0f, row_of(memory_.scores, row));
    });
    for (std::size_t tail = 0; tail < network_.tails().size(); ++tail) {
      list_rows(num_places, [](std::ptrdiff_t) { return true; });
      score_tail(tail, [&](std::ptrdiff_t row, const ScoredRow& scored) {
        add_log_probs(scored, scored.vocab_size, tail_log_prob(row, tail),
                      row_of(memory_.scores, row) + network_.tails()[tail].first_id);
      });
    }
    for_each_row(num_places, [&](std::ptrdiff_t row) {
      for (std::ptrdiff_t at = network_.vocab_size(); at < network_.padded_vocab(); ++at) {
        row_of(memory_.scores, row)[at] = -__builtin_inff();
      }
    });
    wait();
  }

  // Draws a word in every row and calls `finish(row, id, log-probability)`. Only tails that are
  // chosen are scored; for the most probable word, those whose probability is above the best one's.
  template <class Finish>
  void draw_all(std::ptrdiff_t step, Finish&& finish) {
    score_head(args_.num_rows, [&](std::ptrdiff_t row, const ScoredRow& scored) {
      choose_in_head(row, scored, args_.uniforms[row * args_.num_steps + step]);
    });
    for (std::size_t tail = 0; tail < network_.tails().size(); ++tail) {
      const auto mark = network_.vocab_size() + static_cast<std::ptrdiff_t>(tail);
      const std::ptrdiff_t num_rows = list_rows(args_.num_rows, [&](std::ptrdiff_t row) {
        return is_greedy(row) ? tail_log_prob(row, tail) > memory_.choice_log_probs[row]
                              : memory_.choices[row] == mark;
      });
      if (num_rows == 0) continue;
      score_tail(tail, [&](std::ptrdiff_t row, const ScoredRow& scored) {
        choose_in_tail(row, tail, scored);
      });
    }
    for_each_row(args_.num_rows, [&](std::ptrdiff_t row) {
      finish(row, memory_.choices[row], memory_.choice_log_probs[row]);
    });
    wait();
  }

 private:
  std::ptrdiff_t num_head_words() const {
    return network_.output().num_rows() - static_cast<std::ptrdiff_t>(network_.tails().size());
  }

  bool is_greedy(std::ptrdiff_t row) const { return args_.samplers[row]->temperature == 0.0f; }

  float& tail_log_prob(std::ptrdiff_t row, std::size_t tail) const {
    const auto num_tails = static_cast<std::ptrdiff_t>(network_.tails().size());
    return memory_.tail_log_probs[row * num_tails + static_cast<std::ptrdiff_t>(tail)];
  }

  // Calls `use(row, scored)` with the head of every row, and keeps the probabilities of the tails.
  template <class Use>
  void score_head(std::ptrdiff_t num_rows, Use&& use) {
    const PackedRows& head = network_.output();
    product(head, memory_.top, num_rows, memory_.recurrent_sums);
    for_each_row(num_rows, [&](std::ptrdiff_t row) {
      ScoredRow scored =
          row_of_scores(memory_, memory_.recurrent_sums, row, head.num_rows(), head.padded_rows());
      score_row(scored);
      for (std::size_t tail = 0; tail < network_.tails().size(); ++tail) {
        const auto entry = num_head_words() + static_cast<std::ptrdiff_t>(tail);
        tail_log_prob(row, tail) = scored.log_prob(entry);
      }
      use(row, scored);
    });
    wait();
  }

  // Makes the list of the rows that need a tail, and returns their number.
  template <class Wants>
  std::ptrdiff_t list_rows(std::ptrdiff_t num_rows, Wants&& wants) {
    wait();  // the list before may still be read
    if (member_.rank == 0) {
      *memory_.num_tail_rows = 0;
      for (std::ptrdiff_t row = 0; row < num_rows; ++row) {
        if (wants(row)) memory_.tail_rows[(*memory_.num_tail_rows)++] = row;
      }
    }
    wait();
    return *memory_.num_tail_rows;
  }

  // Calls `use(row, scored)` with the words of a tail, for the rows in the list.
  template <class Use>
  void score_tail(std::size_t index, Use&& use) {
    const OutputTail& tail = network_.tails()[index];
    const std::ptrdiff_t num_rows = *memory_.num_tail_rows;
    const StepMemory::Operands& inputs = memory_.tail_inputs;
    for_each_row(num_rows, [&](std::ptrdiff_t at) {
      const std::ptrdiff_t row = memory_.tail_rows[at], num_bytes = inputs.row_words * 4;
      __builtin_memcpy(inputs.words + at * num_bytes, memory_.top.words + row * num_bytes,
                       static_cast<std::size_t>(num_bytes));
      inputs.scales[at] = memory_.top.scales[row];
    });
    wait();
    StepMemory::Operands narrow = inputs;
    if (tail.projection != nullptr) {
      const std::ptrdiff_t size = tail.projection->num_rows();
      narrow = memory_.narrow;
      narrow.row_words = tail.words->num_words();
      product(*tail.projection, inputs, num_rows, memory_.outputs);
      for_each_row(num_rows, [&](std::ptrdiff_t at) {
        write_operand<Number>(narrow, at, row_of(memory_.outputs, at), size);
      });
      wait();
    }
    product(*tail.words, narrow, num_rows, memory_.recurrent_sums);
    for_each_row(num_rows, [&](std::ptrdiff_t at) {
      ScoredRow scored = row_of_scores(memory_, memory_.recurrent_sums, at, tail.words->num_rows(),
                                       tail.words->padded_rows());
      score_row(scored);
      use(memory_.tail_rows[at], scored);
    });
    wait();
  }

  void choose_in_head(std::ptrdiff_t row, const ScoredRow& scored, double uniform) {
    const Sampler& sampler = *args_.samplers[row];
    int64_t& choice = memory_.choices[row];
    float& log_prob = memory_.choice_log_probs[row];
    log_prob = __builtin_nanf("");
    if (scored.log_sum != scored.log_sum) {
      choice = kNotANumber;
      return;
    }
    float* scores = row_of(memory_.recurrent_sums, row);
    for (std::ptrdiff_t id = 0; id < num_head_words() && !sampler.banned.empty(); ++id) {
      if (sampler.banned[id] == 0) continue;
      scores[id] = -__builtin_inff();
      scored.weights[id] = 0.0f;
    }
    if (!sampler.banned.empty()) scored.sum_blocks();
    if (is_greedy(row)) {
      for (std::ptrdiff_t at = num_head_words(); at < scored.vocab_size; ++at) {
        scores[at] = -__builtin_inff();
      }
      choice = first_highest(scores, scored.size);
      log_prob = choice < 0 ? -__builtin_inff() : scored.log_prob(choice);
      return;
    }
    choice = draw(scored, uniform, &memory_.remainders[row]);
    if (choice >= num_head_words()) {
      choice += network_.vocab_size() - num_head_words();  // the mark of a tail
    } else if (choice >= 0) {
      log_prob = scored.log_prob(choice);
    }
  }

  void choose_in_tail(std::ptrdiff_t row, std::size_t tail, const ScoredRow& scored) {
    int64_t& choice = memory_.choices[row];
    float& log_prob = memory_.choice_log_probs[row];
    if (scored.log_sum != scored.log_sum) {
      choice = kNotANumber;
      log_prob = __builtin_nanf("");
      return;
    }
    const int64_t word = is_greedy(row)
                             ? first_highest(scored.scores, scored.size)
                             : draw(scored, memory_.remainders[row]);
    const float found = tail_log_prob(row, tail) + scored.log_prob(word);
    if (is_greedy(row) && !(found > log_prob)) return;
    choice = network_.tails()[tail].first_id + word;
    log_prob = found;
  }

  static void add_log_probs(const ScoredRow& scored, std::ptrdiff_t count, float offset,
                            float* target) {
    for (std::ptrdiff_t at = 0; at < count; at += kLanes) {
      const std::ptrdiff_t left = count - at;
      store(target + at, (load(scored.scores + at) - scored.highest) - scored.log_sum + offset,
            static_cast<int>(left < kLanes ? left : kLanes));
    }
  }

  void product(const PackedRows& matrix, const StepMemory::Operands& operands,
               std::ptrdiff_t num_rows, float* sums) {
    multiply<Number>(matrix, operands, num_rows, member_.share_of(matrix.num_groups()), sums,
                     memory_.width);
    wait();
  }

  template <class Function>
  void for_each_row(std::ptrdiff_t num_rows, Function&& function) {
    const auto rows = member_.share_of(num_rows);
    for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) function(row);
  }

  float* row_of(float* values, std::ptrdiff_t row) const { return values + row * memory_.width; }

  void wait() {
    if (member_.size > 1) member_.barrier->wait();
  }

  const NetworkSteps& args_;
  const Network& network_;
  const StepMemory& memory_;
  const Member member_;
};

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
