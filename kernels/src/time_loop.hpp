// The loop over time of the forward and backward pass, shared by all cells.
//
// Each thread owns some panels of units. In a step it multiplies the whole previous operand with
// its panels, computes its units, and writes its part of the next operand; then the team
// synchronizes. The operands are double-buffered, so one barrier per step is sufficient.
#pragma once

#include "product.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// The two operands of a layer (double buffer): one is read while the other is written.
template <class Number>
class OperandPair {
 public:
  OperandPair(const Layer& layer, std::ptrdiff_t row_words, int num_gates)
      : memory_(layer.operands),
        row_words_(row_words),
        bytes_(layer.batch_size * row_words * 4),
        gate_size_(row_words / num_gates * per_word(element_of<Number>)) {}

  Operand readable() const { return {memory_ + current_ * bytes_, row_words_}; }

  // Address of a gate's units of a row in the operand that is being written.
  Number* writable(std::ptrdiff_t row, int gate, std::ptrdiff_t unit) const {
    return at(1 - current_, row, gate, unit);
  }
  const Number* readable(std::ptrdiff_t row, int gate, std::ptrdiff_t unit) const {
    return at(current_, row, gate, unit);
  }

  void swap() { current_ = 1 - current_; }

 private:
  Number* at(int which, std::ptrdiff_t row, int gate, std::ptrdiff_t unit) const {
    auto* first = reinterpret_cast<Number*>(memory_ + which * bytes_ + row * row_words_ * 4);
    return first + gate * gate_size_ + unit;
  }

  std::byte* memory_;
  std::ptrdiff_t row_words_;
  std::ptrdiff_t bytes_;
  std::ptrdiff_t gate_size_;
  int current_ = 0;
};

// A row's vector of units within (batch, hidden_size).
inline std::ptrdiff_t place(const Layer& layer, std::ptrdiff_t row, Units units) {
  return row * layer.hidden_size() + units.first;
}

// The same at a step, within (num_steps, batch, num_gates * hidden_size), of the first gate.
inline std::ptrdiff_t place(const Layer& layer, std::ptrdiff_t step, std::ptrdiff_t row,
                            Units units, int num_gates = 1) {
  return (step * layer.batch_size + row) * num_gates * layer.hidden_size() + units.first;
}

template <class Function>
inline void for_each_unit(const Layer& layer, Member::Range panels, Function&& function) {
  for (std::ptrdiff_t row = 0; row < layer.batch_size; ++row) {
    for (std::ptrdiff_t panel = panels.begin; panel < panels.end; ++panel) {
      for (int slice = 0; slice < kPanel / kLanes; ++slice) {
        const Units units = units_of(panel, slice, layer.hidden_size());
        if (units.count > 0) function(row, units);
      }
    }
  }
}

inline Floats masked(const Layer& layer, std::ptrdiff_t row, Units units, Floats values) {
  if (layer.mask == nullptr) return values;
  return values * load(layer.mask + place(layer, row, units), units.count);
}

// Runs `Cell` forward. A cell has kGates and
//   begin(row, units)             reads the initial state; returns the hidden state
//   step(step, row, units, sums)  finishes a step; returns the new hidden state
//   skip(step, row, units)        a step beyond the row's length
template <class Cell>
void run_forward(const Layer& layer, const Cell& cell, Member member) {
  using Number = typename Cell::Number;
  constexpr int kGates = Cell::kGates;
  const PackedMatrix& weights = *layer.weights;
  const auto panels = member.share_of(weights.num_panels());
  OperandPair<Number> operands(layer, forward_words(layer.hidden_size(), weights.element()), 1);
  const auto hand_on = [&](std::ptrdiff_t row, Units units, Floats hidden) {
    store(operands.writable(row, 0, units.first), masked(layer, row, units, hidden), units.count);
  };
  for_each_unit(layer, panels, [&](std::ptrdiff_t row, Units units) {
    hand_on(row, units, cell.begin(row, units));
  });
  for (std::ptrdiff_t step = 0; step < layer.num_steps; ++step) {
    member.barrier->wait();
    operands.swap();
    const auto finish = [&](std::ptrdiff_t row, Units units, const auto& sums) {
      if (layer.is_active(step, row)) {
        hand_on(row, units, cell.step(step, row, units, sums));
      } else {
        cell.skip(step, row, units);
        store(operands.writable(row, 0, units.first),
              load(operands.readable(row, 0, units.first), units.count), units.count);
      }
    };
    if constexpr (kGates > 1) {
      multiply_gates<Number, kGates>(layer, operands.readable(), panels, finish);
    } else {
      multiply_panels<Number>(layer, operands.readable(), weights.forward(),
                              weights.forward_panel_bytes(), panels, finish);
    }
  }
}

// The gradients that a cell returns for one vector of units at one step.
template <int kGates>
struct UnitGradients {
  Floats operands[kGates];  // of the recurrent product: the operand of the next product
  Floats carried;           // of the previous hidden state, without the recurrent matrix
};

// Runs `Cell` backward. A cell has kGates and
//   grad_hidden                        (batch, hidden): the final state's gradient, overwritten
//                                      with the initial state's
//   step(step, row, units, gradient)   finishes a step, given the gradient of its hidden state
//   skip(step, row, units)             a step beyond the row's length: its gates' gradients are 0
template <class Cell>
void run_backward(const Layer& layer, const Cell& cell, Member member) {
  using Number = typename Cell::Number;
  constexpr int kGates = Cell::kGates;
  const PackedMatrix& weights = *layer.weights;
  const auto panels = member.share_of(weights.num_panels());
  const std::ptrdiff_t row_words = backward_words(layer.hidden_size(), kGates, weights.element());
  OperandPair<Number> operands(layer, row_words, kGates);
  // Step -1 computes the gradient of the initial state.
  for (std::ptrdiff_t step = layer.num_steps - 1; step >= -1; --step) {
    const auto finish = [&](std::ptrdiff_t row, Units units, Floats sums) {
      float* carried = cell.grad_hidden + place(layer, row, units);
      const Floats gradient = load(carried, units.count) + masked(layer, row, units, sums);
      UnitGradients<kGates> gradients{{}, gradient};
      if (step >= 0 && layer.is_active(step, row)) {
        gradients = cell.step(step, row, units, gradient);
      } else if (step >= 0) {
        cell.skip(step, row, units);
      }
      store(carried, gradients.carried, units.count);
      for (int gate = 0; gate < kGates; ++gate) {
        store(operands.writable(row, gate, units.first), gradients.operands[gate], units.count);
      }
    };
    if (step == layer.num_steps - 1) {  // no gradient from later steps
      for_each_unit(layer, panels,
                    [&](std::ptrdiff_t row, Units units) { finish(row, units, Floats{}); });
    } else {
      multiply_panels<Number>(layer, operands.readable(), weights.backward(),
                              weights.backward_panel_bytes(), panels, finish);
    }
    member.barrier->wait();
    operands.swap();
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
