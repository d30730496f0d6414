// Long short-term memory: c = f * c' + i * g, h = o * tanh(c), with c' the cell state before.
#include "activations.hpp"
#include "kernel_table.hpp"
#include "time_loop.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

template <class T>
struct LstmForwardCell {
  using Number = T;
  using Gate = typename Kept<T>::Gate;
  static constexpr int kGates = 4;
  const LstmForward& args;

  Floats begin(std::ptrdiff_t row, Units units) const {
    const std::ptrdiff_t at = place(args.layer, row, units);
    const Floats hidden = load(args.initial_hidden + at, units.count);
    store(args.final_hidden + at, hidden, units.count);
    store(args.final_cell + at, load(args.initial_cell + at, units.count), units.count);
    return hidden;
  }

  Floats step(std::ptrdiff_t step, std::ptrdiff_t row, Units units, const Floats (&sums)[4]) const {
    const std::ptrdiff_t size = args.layer.hidden_size();
    const std::ptrdiff_t at_gates = place(args.layer, step, row, units, kGates);
    const auto* inputs = static_cast<const Number*>(args.input_gates) + at_gates;
    const Floats i = sigmoid(load(inputs, units.count) + sums[0]);
    const Floats f = sigmoid(load(inputs + size, units.count) + sums[1]);
    const Floats g = hyperbolic_tangent(load(inputs + 2 * size, units.count) + sums[2]);
    const Floats o = sigmoid(load(inputs + 3 * size, units.count) + sums[3]);
    const std::ptrdiff_t at_state = place(args.layer, row, units);
    const Floats cell = f * load(args.final_cell + at_state, units.count) + i * g;
    const Floats hidden = o * hyperbolic_tangent(cell);
    if (args.gates != nullptr) {
      auto* gates = static_cast<Gate*>(args.gates) + at_gates;
      store(gates, i, units.count);
      store(gates + size, f, units.count);
      store(gates + 2 * size, g, units.count);
      store(gates + 3 * size, o, units.count);
    }
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    if (args.cells != nullptr) store(args.cells + at, cell, units.count);
    store(static_cast<Number*>(args.outputs) + at, hidden, units.count);
    store(args.final_cell + at_state, cell, units.count);
    store(args.final_hidden + at_state, hidden, units.count);
    return hidden;
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    auto* outputs = static_cast<Number*>(args.outputs);
    store(outputs + place(args.layer, step, row, units), Floats{}, units.count);
  }
};

template <class T>
struct LstmBackwardCell {
  using Number = T;
  using Gate = typename Kept<T>::Gate;
  static constexpr int kGates = 4;
  const LstmBackward& args;
  float* grad_hidden = args.grad_hidden;

  UnitGradients<4> step(std::ptrdiff_t step, std::ptrdiff_t row, Units units,
                        Floats gradient) const {
    const std::ptrdiff_t size = args.layer.hidden_size();
    const std::ptrdiff_t at_gates = place(args.layer, step, row, units, kGates);
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    const std::ptrdiff_t at_state = place(args.layer, row, units);
    const auto* gates = static_cast<const Gate*>(args.gates) + at_gates;
    const Floats i = load(gates, units.count), f = load(gates + size, units.count);
    const Floats g = load(gates + 2 * size, units.count);
    const Floats o = load(gates + 3 * size, units.count);
    const float* before = step > 0 ? args.cells + place(args.layer, step - 1, row, units)
                                   : args.initial_cell + at_state;
    const Floats cell_before = load(before, units.count);
    const Floats shown = hyperbolic_tangent(load(args.cells + at, units.count));
    if (args.grad_outputs != nullptr) {
      gradient += load(static_cast<const Number*>(args.grad_outputs) + at, units.count);
    }
    float* grad_cell = args.grad_cell + at_state;
    const Floats cell_gradient =
        load(grad_cell, units.count) + gradient * o * (1.0f - shown * shown);
    store(grad_cell, cell_gradient * f, units.count);
    const UnitGradients<4> gradients{
        {cell_gradient * g * i * (1.0f - i), cell_gradient * cell_before * f * (1.0f - f),
         cell_gradient * i * (1.0f - g * g), gradient * shown * o * (1.0f - o)},
        Floats{}};
    auto* grad_gates = static_cast<Number*>(args.grad_gates) + at_gates;
    for (int gate = 0; gate < kGates; ++gate) {
      store(grad_gates + gate * size, gradients.operands[gate], units.count);
      add(args.grad_bias + gate * size + units.first, gradients.operands[gate], units.count);
    }
    return gradients;
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    auto* grad_gates =
        static_cast<Number*>(args.grad_gates) + place(args.layer, step, row, units, kGates);
    for (int gate = 0; gate < kGates; ++gate) {
      store(grad_gates + gate * args.layer.hidden_size(), Floats{}, units.count);
    }
  }
};

}  // namespace

void lstm_forward(const LstmForward& args, Member member) {
  if (args.layer.weights->element() == Element::float32) {
    run_forward(args.layer, LstmForwardCell<float>{args}, member);
  } else {
    run_forward(args.layer, LstmForwardCell<Bfloat16>{args}, member);
  }
}

void lstm_backward(const LstmBackward& args, Member member) {
  if (args.layer.weights->element() == Element::float32) {
    run_backward(args.layer, LstmBackwardCell<float>{args}, member);
  } else {
    run_backward(args.layer, LstmBackwardCell<Bfloat16>{args}, member);
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
