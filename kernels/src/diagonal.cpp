// Layers whose gates depend on the inputs alone: minGRU and minLSTM, with their gates, and any
// other linear recurrence, h = a * h' + b, with given coefficients.
//
// A unit needs no other unit, so that threads never synchronize. Gates are computed again in the
// backward pass, which is faster than to store and load them.
#include <type_traits>

#include "activations.hpp"
#include "kernel_table.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

// Calls `function(at, count)` for every vector in [begin, end); `count` is below kLanes at its end.
template <class Function>
inline void for_each_vector(std::ptrdiff_t begin, std::ptrdiff_t end, Function&& function) {
  std::ptrdiff_t at = begin;
  for (; at + kLanes <= end; at += kLanes) function(at, kLanes);
  if (at < end) function(at, static_cast<int>(end - at));
}

// Both cells are h = h' + share * (candidate - h').
struct MinGru {
  static constexpr int kGates = 2;  // the update gate, the candidate
  Floats share, candidate;

  template <class Number>
  MinGru(const Number* gates, std::ptrdiff_t hidden_size, int count)
      : share(sigmoid(load(gates, count))), candidate(load(gates + hidden_size, count)) {}

  // Stores the gradients of the preactivations, given that of the share.
  template <class Number>
  void store_gradients(Floats grad_share, Floats grad_candidate, Number* gradients,
                       std::ptrdiff_t hidden_size, int count) const {
    store(gradients, grad_share * share * (1.0f - share), count);
    store(gradients + hidden_size, grad_candidate, count);
  }
};

// The share is i / (f + i) with f = 1 / (1 + p) and i = 1 / (1 + q), so (1 + p) / (2 + p + q).
struct MinLstm {
  static constexpr int kGates = 3;  // the forget gate, the input gate, the candidate
  // Sums of two powers are finite; where both gates are smaller, float32 has no more of them.
  static constexpr float kLargest = 80.0f;
  Floats p, q, share, candidate;

  template <class Number>
  MinLstm(const Number* gates, std::ptrdiff_t hidden_size, int count)
      : p(exponential(at_most(-load(gates, count), kLargest))),
        q(exponential(at_most(-load(gates + hidden_size, count), kLargest))),
        share((1.0f + p) / (2.0f + p + q)),
        candidate(load(gates + 2 * hidden_size, count)) {}

  template <class Number>
  void store_gradients(Floats grad_share, Floats grad_candidate, Number* gradients,
                       std::ptrdiff_t hidden_size, int count) const {
    const Floats slope = grad_share * share * (1.0f - share);
    store(gradients, -slope * (p / (1.0f + p)), count);
    store(gradients + hidden_size, slope * (q / (1.0f + q)), count);
    store(gradients + 2 * hidden_size, grad_candidate, count);
  }
};

// Calls `function(row, first unit, end)` for the share of a thread. Rows are whole, because they
// are contiguous, unless there are fewer rows than threads.
template <class Function>
inline void for_each_part(const DiagonalLayer& layer, Member member, Function&& function) {
  const std::ptrdiff_t num_panels = divide_up(layer.hidden_size, kPanel);
  std::ptrdiff_t per_row = divide_up(member.size, layer.batch_size);
  if (per_row > num_panels) per_row = num_panels;
  const auto parts = member.share_of(layer.batch_size * per_row);
  for (std::ptrdiff_t part = parts.begin; part < parts.end; ++part) {
    const std::ptrdiff_t index = part % per_row;
    const std::ptrdiff_t first = num_panels * index / per_row * kPanel;
    const std::ptrdiff_t end = num_panels * (index + 1) / per_row * kPanel;
    function(part / per_row, first, end < layer.hidden_size ? end : layer.hidden_size);
  }
}

template <class Number>
inline void clear(Number* values, int num_gates, std::ptrdiff_t hidden_size, std::ptrdiff_t first,
                  std::ptrdiff_t end) {
  for (int gate = 0; gate < num_gates; ++gate) {
    const auto num_bytes = static_cast<std::size_t>(end - first) * sizeof(Number);
    __builtin_memset(values + gate * hidden_size + first, 0, num_bytes);
  }
}

template <class Number, class Cell>
void forward(const DiagonalForward& args, Member member) {
  const DiagonalLayer& layer = args.layer;
  const std::ptrdiff_t size = layer.hidden_size;
  for_each_part(layer, member, [&](std::ptrdiff_t row, std::ptrdiff_t first, std::ptrdiff_t end) {
    const auto* gates =
        static_cast<const Number*>(layer.gates) + row * layer.num_steps * Cell::kGates * size;
    auto* outputs = static_cast<Number*>(args.outputs) + row * layer.num_steps * size;
    float* hidden = args.final_hidden + row * size;
    for_each_vector(first, end, [&](std::ptrdiff_t at, int count) {
      store(hidden + at, load(layer.initial_hidden + row * size + at, count), count);
    });
    for (std::ptrdiff_t step = 0; step < layer.num_steps; ++step) {
      if (!layer.is_active(step, row)) {
        clear(outputs, 1, size, first, end);
      } else {
        for_each_vector(first, end, [&](std::ptrdiff_t at, int count) {
          const Cell cell(gates + at, size, count);
          const Floats before = load(hidden + at, count);
          const Floats after = before + cell.share * (cell.candidate - before);
          store(hidden + at, after, count);
          store(outputs + at, after, count);
        });
      }
      gates += Cell::kGates * size;
      outputs += size;
    }
  });
}

template <class Number, class Cell>
void backward(const DiagonalBackward& args, Member member) {
  const DiagonalLayer& layer = args.layer;
  const std::ptrdiff_t size = layer.hidden_size;
  for_each_part(layer, member, [&](std::ptrdiff_t row, std::ptrdiff_t first, std::ptrdiff_t end) {
    float* carried = args.grad_hidden + row * size;
    for (std::ptrdiff_t step = layer.num_steps - 1; step >= 0; --step) {
      const std::ptrdiff_t place = row * layer.num_steps + step;
      auto* grad_gates = static_cast<Number*>(args.grad_gates) + place * Cell::kGates * size;
      if (!layer.is_active(step, row)) {
        clear(grad_gates, Cell::kGates, size, first, end);
        continue;
      }
      const auto* gates = static_cast<const Number*>(layer.gates) + place * Cell::kGates * size;
      const Number* grad_outputs = args.grad_outputs == nullptr
                                       ? nullptr
                                       : static_cast<const Number*>(args.grad_outputs) + place * size;
      const Number* outputs_before =
          step == 0 ? nullptr : static_cast<const Number*>(args.outputs) + (place - 1) * size;
      const float* initial = layer.initial_hidden + row * size;
      for_each_vector(first, end, [&](std::ptrdiff_t at, int count) {
        const Cell cell(gates + at, size, count);
        const Floats before =
            step == 0 ? load(initial + at, count) : load(outputs_before + at, count);
        Floats gradient = load(carried + at, count);
        if (grad_outputs != nullptr) gradient += load(grad_outputs + at, count);
        const Floats grad_candidate = gradient * cell.share;
        cell.store_gradients(gradient * (cell.candidate - before), grad_candidate, grad_gates + at,
                             size, count);
        store(carried + at, gradient - grad_candidate, count);
      });
    }
  });
}

// Calls `run(Number, Cell type)` for the layer's dtype and cell.
template <class Run>
void with_cell(const DiagonalLayer& layer, Run&& run) {
  const auto with_number = [&](auto number) {
    using Number = decltype(number);
    switch (layer.cell) {
      case DiagonalCell::min_gru:
        return run(Number{}, static_cast<MinGru*>(nullptr));
      case DiagonalCell::min_lstm:
        return run(Number{}, static_cast<MinLstm*>(nullptr));
    }
  };
  layer.element == Element::float32 ? with_number(float{}) : with_number(Bfloat16{});
}

// The states of some units, one step after the other.
template <class Real>
void recur(const RecurrenceForward& args, Member member) {
  const auto units = member.share_of(args.width);
  const auto* before = static_cast<const Real*>(args.initial);
  for (std::ptrdiff_t step = 0; step < args.num_steps; ++step) {
    const Real* __restrict__ decays = static_cast<const Real*>(args.decays) + step * args.width;
    const Real* __restrict__ updates = static_cast<const Real*>(args.updates) + step * args.width;
    Real* __restrict__ states = static_cast<Real*>(args.states) + step * args.width;
    for (std::ptrdiff_t at = units.begin; at < units.end; ++at) {
      states[at] = decays[at] * before[at] + updates[at];
    }
    before = states;
  }
}

template <class Real>
void recur_backward(const RecurrenceBackward& args, Member member) {
  const auto units = member.share_of(args.width);
  Real* __restrict__ carried = static_cast<Real*>(args.grad_initial);
  for (std::ptrdiff_t at = units.begin; at < units.end; ++at) carried[at] = 0;
  for (std::ptrdiff_t step = args.num_steps - 1; step >= 0; --step) {
    const std::ptrdiff_t place = step * args.width;
    const Real* __restrict__ decays = static_cast<const Real*>(args.decays) + place;
    const Real* __restrict__ before = step > 0
                                          ? static_cast<const Real*>(args.states) + place - args.width
                                          : static_cast<const Real*>(args.initial);
    const Real* __restrict__ grad_states = static_cast<const Real*>(args.grad_states) + place;
    Real* __restrict__ grad_decays = static_cast<Real*>(args.grad_decays) + place;
    Real* __restrict__ grad_updates = static_cast<Real*>(args.grad_updates) + place;
    for (std::ptrdiff_t at = units.begin; at < units.end; ++at) {
      const Real gradient = grad_states[at] + carried[at];
      grad_updates[at] = gradient;
      grad_decays[at] = gradient * before[at];
      carried[at] = gradient * decays[at];
    }
  }
}

}  // namespace

void diagonal_forward(const DiagonalForward& args, Member member) {
  with_cell(args.layer, [&](auto number, auto* cell) {
    forward<decltype(number), std::remove_pointer_t<decltype(cell)>>(args, member);
  });
}

void diagonal_backward(const DiagonalBackward& args, Member member) {
  with_cell(args.layer, [&](auto number, auto* cell) {
    backward<decltype(number), std::remove_pointer_t<decltype(cell)>>(args, member);
  });
}

void recurrence_forward(const RecurrenceForward& args, Member member) {
  args.is_float64 ? recur<double>(args, member) : recur<float>(args, member);
}

void recurrence_backward(const RecurrenceBackward& args, Member member) {
  args.is_float64 ? recur_backward<double>(args, member) : recur_backward<float>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
