// The steps of a network: read a token in every row, score the next one, and draw it.
//
// In a product each thread has some groups of panels; in all other parts each has some rows.
// Threads synchronize between the parts. If tokens are given, several steps are read together,
// layer by layer: all steps of a layer are multiplied with its input matrix in one product, and the
// recurrent matrix stays in a cache if it fits.
#include "../kernel_table.hpp"
#include "adaptive_output.hpp"
#include "cell_updates.hpp"
#include "row_product.hpp"
#include "scores.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

template <class Number>
class Steps {
 public:
  Steps(const NetworkSteps& args, Member member)
      : args_(args),
        network_(*args.network),
        memory_(*args.memory),
        member_(member),
        rows_(member.share_of(args.num_rows)),
        adaptive_(args, member),
        draws_by_tail_(draws_by_tail(args)) {}

  void run() {
    begin();
    for (std::ptrdiff_t first = 0; first < args_.num_steps; first += memory_.window) {
      const std::ptrdiff_t left = args_.num_steps - first;
      const std::ptrdiff_t num_steps = left < memory_.window ? left : memory_.window;
      read_tokens(first, num_steps);
      int first_part = 0;
      for (std::size_t depth = 0; depth < network_.layers().size(); ++depth) {
        run_layer(depth, first_part, num_steps);
        first_part += parts_of(network_.cell());
      }
      if (args_.log_probs != nullptr || args_.samplers != nullptr) run_output(first, num_steps);
    }
  }

 private:
  // The operands of the recurrent products with the initial state.
  void begin() {
    int first_part = 0;
    for (std::size_t depth = 0; depth < network_.layers().size(); ++depth) {
      const std::ptrdiff_t size = network_.layers()[depth].output_size;
      for_each_row([&](std::ptrdiff_t row) {
        write_operand<Number>(memory_.hidden[depth], row, part(first_part, row, size), size);
      });
      first_part += parts_of(network_.cell());
    }
    if (args_.samplers != nullptr) {
      for_each_row([&](std::ptrdiff_t row) { memory_.token_ids[row] = args_.token_ids[row]; });
    }
    wait();
  }

  void read_tokens(std::ptrdiff_t first, std::ptrdiff_t num_steps) {
    const TokenTable& tokens = network_.tokens();
    const auto places = member_.share_of(num_steps * args_.num_rows);
    for (std::ptrdiff_t place = places.begin; place < places.end; ++place) {
      if (args_.samplers == nullptr) {
        memory_.token_ids[place] = args_.token_ids[first * args_.num_rows + place];
      }
      if (tokens.holds_gates) continue;
      const auto* vectors = static_cast<const float*>(tokens.values);
      write_operand<Number>(memory_.inputs[0], place,
                            vectors + memory_.token_ids[place] * tokens.width, tokens.width);
    }
    wait();
  }

  void run_layer(std::size_t depth, int first_part, std::ptrdiff_t num_steps) {
    const NetworkLayer& layer = network_.layers()[depth];
    if (layer.input != nullptr) {
      product(*layer.input, memory_.inputs[depth], num_steps * args_.num_rows, memory_.input_sums);
    }
    for (std::ptrdiff_t step = 0; step < num_steps; ++step) {
      const std::ptrdiff_t first_place = step * args_.num_rows;
      product(*layer.recurrent, memory_.hidden[depth], args_.num_rows, memory_.recurrent_sums);
      wait();
      for_each_row(
          [&](std::ptrdiff_t row) { update(depth, first_part, row, first_place + row); });
      if (layer.projection != nullptr) {
        wait();
        product(*layer.projection, memory_.wide[depth], args_.num_rows, memory_.recurrent_sums);
        wait();
        for_each_row([&](std::ptrdiff_t row) {
          float* state = part(first_part, row, layer.output_size);
          __builtin_memcpy(state, row_of(memory_.recurrent_sums, row),
                           static_cast<std::size_t>(layer.output_size) * 4);
          hand_on(depth, row, first_place + row, state);
        });
      }
      wait();
    }
  }

  // The state of a row after a step, and what is multiplied with it.
  void update(std::size_t depth, int first_part, std::ptrdiff_t row, std::ptrdiff_t place) {
    const NetworkLayer& layer = network_.layers()[depth];
    float* parts[2] = {part(first_part, row, layer.output_size), nullptr};
    if (network_.cell() == CellKind::lstm) {
      parts[1] = part(first_part + 1, row, layer.hidden_size);
    }
    const bool is_projected = layer.projection != nullptr;
    float* hidden = is_projected ? row_of(memory_.recurrent_sums, row) : parts[0];
    const float* recurrent = row_of(memory_.recurrent_sums, row);
    const auto update_from = [&](const auto* inputs) {
      using Input = std::remove_const_t<std::remove_pointer_t<decltype(inputs)>>;
      update_row(network_.cell(), RowSums<Input>{inputs, recurrent, layer.hidden_size}, parts,
                 hidden);
    };
    const TokenTable& tokens = network_.tokens();
    const std::ptrdiff_t at = memory_.token_ids[place] * tokens.width;
    if (layer.input != nullptr) {
      update_from(static_cast<const float*>(row_of(memory_.input_sums, place)));
    } else if (tokens.element == Element::float32) {
      update_from(static_cast<const float*>(tokens.values) + at);
    } else {
      update_from(static_cast<const Bfloat16*>(tokens.values) + at);
    }
    if (is_projected) {
      write_operand<Number>(memory_.wide[depth], row, hidden, layer.hidden_size);
    } else {
      hand_on(depth, row, place, hidden);
    }
  }

  // Writes the operands that read a layer's output.
  void hand_on(std::size_t depth, std::ptrdiff_t row, std::ptrdiff_t place, const float* output) {
    const std::ptrdiff_t size = network_.layers()[depth].output_size;
    write_operand<Number>(memory_.hidden[depth], row, output, size);
    const bool is_last = depth + 1 == network_.layers().size();
    const StepMemory::Operands& next = is_last ? memory_.top : memory_.inputs[depth + 1];
    if (next.words == memory_.hidden[depth].words) return;
    if (!network_.is_residual()) {
      write_operand<Number>(next, place, output, size);
      return;
    }
    float* sums = row_of(memory_.outputs, place);
    for (std::ptrdiff_t at = 0; at < size; ++at) {
      sums[at] = depth == 0 ? output[at] : sums[at] + output[at];
    }
    write_operand<Number>(next, place, sums, size);
  }

  // Whether a draw in any row needs only the words of a part of the adaptive softmax.
  static bool draws_by_tail(const NetworkSteps& args) {
    const Network& network = *args.network;
    if (network.tails().empty() || args.log_probs != nullptr || args.samplers == nullptr) {
      return false;
    }
    for (std::ptrdiff_t row = 0; row < args.num_rows; ++row) {
      if (!args.samplers[row]->is_plain(network.tails()[0].first_id)) return false;
    }
    return true;
  }

  void run_output(std::ptrdiff_t first, std::ptrdiff_t num_steps) {
    if (draws_by_tail_) {
      adaptive_.draw_all(first, [&](std::ptrdiff_t row, int64_t id, float log_prob) {
        take(row, first, id, log_prob);
      });
      return;
    }
    const std::ptrdiff_t num_places = num_steps * args_.num_rows;
    if (num_places == 1 && member_.size > 1 && network_.tails().empty()) {
      const ScoredRow scored = score_together();
      if (member_.rank == 0) use_scores(scored, 0, first);
      wait();
      return;
    }
    if (network_.tails().empty()) {
      product(network_.output(), memory_.top, num_places, memory_.scores);
      wait();
    } else {
      adaptive_.score_all(num_places);
    }
    const auto places = member_.share_of(num_places);
    for (std::ptrdiff_t place = places.begin; place < places.end; ++place) {
      ScoredRow scored = scores_of(place);
      score_row(scored);
      use_scores(scored, place, first);
    }
    wait();
  }

  // The scores of a single place, of which each thread computes a part; complete in the first one.
  ScoredRow score_together() {
    constexpr std::ptrdiff_t kGroup = kGroupPanels * kPanel;
    ScoredRow scored = scores_of(0);
    const auto groups = member_.share_of(network_.output().num_groups());
    product(network_.output(), memory_.top, 1, memory_.scores);
    const std::ptrdiff_t begin = groups.begin * kGroup, end = groups.end * kGroup;
    memory_.highest_of_parts[member_.rank] =
        highest_of(scored.scores + begin, (end < scored.size ? end : scored.size) - begin);
    wait();
    scored.highest = -__builtin_inff();
    for (int rank = 0; rank < member_.size; ++rank) {
      const float highest = memory_.highest_of_parts[rank];
      if (!(highest <= scored.highest)) scored.highest = highest;
      if (highest != highest) break;
    }
    scored.weigh(scored.scores, scored.highest, 1.0f,
                 member_.share_of(num_blocks_of(scored.size)));
    wait();
    if (member_.rank == 0) normalize(scored);
    return scored;
  }

  ScoredRow scores_of(std::ptrdiff_t place) const {
    return row_of_scores(memory_, memory_.scores, place, network_.vocab_size(),
                         network_.padded_vocab());
  }

  // Hands on the log-probabilities of a place, and draws its next token.
  void use_scores(const ScoredRow& scored, std::ptrdiff_t place, std::ptrdiff_t first) {
    if (args_.log_probs != nullptr) {
      write_log_probs(scored,
                      args_.log_probs + (first * args_.num_rows + place) * scored.vocab_size);
    }
    // Draws are made step by step, so that a place is a row.
    if (args_.samplers != nullptr) draw_next(scored, place, first);
  }

  void draw_next(const ScoredRow& scored, std::ptrdiff_t row, std::ptrdiff_t step) {
    const std::ptrdiff_t at = row * args_.num_steps + step;
    const uint8_t* seen = args_.seen == nullptr ? nullptr : args_.seen + row * scored.vocab_size;
    const int64_t id = draw_token(scored, *args_.samplers[row], seen, args_.uniforms[at],
                                  row_of(memory_.input_sums, row));
    take(row, step, id, id < 0 ? 0.0f : scored.log_prob(id));
  }

  // Keeps a drawn token, or a mark in its place.
  void take(std::ptrdiff_t row, std::ptrdiff_t step, int64_t id, float log_prob) {
    const std::ptrdiff_t at = row * args_.num_steps + step;
    args_.drawn_ids[at] = id;
    args_.drawn_log_probs[at] = id < 0 ? __builtin_nanf("") : log_prob;
    if (args_.seen != nullptr && id >= 0) args_.seen[row * network_.vocab_size() + id] = 1;
    // A row without a choice goes on with any id; the caller stops at the mark.
    memory_.token_ids[row] = id < 0 ? 0 : id;
  }

  void product(const PackedRows& matrix, const StepMemory::Operands& operands,
               std::ptrdiff_t num_operands, float* sums) {
    multiply<Number>(matrix, operands, num_operands, member_.share_of(matrix.num_groups()), sums,
                     memory_.width);
  }

  template <class Function>
  void for_each_row(Function&& function) {
    for (std::ptrdiff_t row = rows_.begin; row < rows_.end; ++row) function(row);
  }

  float* row_of(float* values, std::ptrdiff_t row) const { return values + row * memory_.width; }

  // A row's vector in a part of the state.
  float* part(int index, std::ptrdiff_t row, std::ptrdiff_t size) const {
    return args_.parts[index] + (args_.slots == nullptr ? row : args_.slots[row]) * size;
  }

  void wait() {
    if (member_.size > 1) member_.barrier->wait();
  }

  const NetworkSteps& args_;
  const Network& network_;
  const StepMemory& memory_;
  const Member member_;
  const Member::Range rows_;
  AdaptiveOutput<Number> adaptive_;
  const bool draws_by_tail_;
};

}  // namespace

void run_steps(const NetworkSteps& args, Member member) {
  switch (args.network->element()) {
    case Element::float32:
      return Steps<float>(args, member).run();
    case Element::bfloat16:
      return Steps<Bfloat16>(args, member).run();
    case Element::int8:
      return Steps<Int8>(args, member).run();
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
