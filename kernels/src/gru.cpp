// The gated recurrent unit with the reset gate after the product, as in torch and cuDNN:
// n = tanh(input + r * (U h' + bias)), h = (1 - z) * n + z * h'.
#include "activations.hpp"
#include "kernel_table.hpp"
#include "time_loop.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

template <class T>
struct GruForwardCell {
  using Number = T;
  using Gate = typename Kept<T>::Gate;
  static constexpr int kGates = 3;
  const GruForward& args;

  Floats begin(std::ptrdiff_t row, Units units) const {
    const std::ptrdiff_t at = place(args.layer, row, units);
    const Floats hidden = load(args.initial_hidden + at, units.count);
    store(args.final_hidden + at, hidden, units.count);
    return hidden;
  }

  Floats step(std::ptrdiff_t step, std::ptrdiff_t row, Units units, const Floats (&sums)[3]) const {
    const std::ptrdiff_t size = args.layer.hidden_size();
    const std::ptrdiff_t at_gates = place(args.layer, step, row, units, kGates);
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    const auto* inputs = static_cast<const Number*>(args.input_gates) + at_gates;
    Floats candidate = sums[2];
    if (args.recurrent_bias != nullptr) {
      candidate += load(args.recurrent_bias + units.first, units.count);
    }
    const Floats r = sigmoid(load(inputs, units.count) + sums[0]);
    const Floats z = sigmoid(load(inputs + size, units.count) + sums[1]);
    const Floats n = hyperbolic_tangent(load(inputs + 2 * size, units.count) + r * candidate);
    float* state = args.final_hidden + place(args.layer, row, units);
    const Floats hidden = n + z * (load(state, units.count) - n);
    if (args.gates != nullptr) {
      auto* gates = static_cast<Gate*>(args.gates) + at_gates;
      store(gates, r, units.count);
      store(gates + size, z, units.count);
      store(gates + 2 * size, n, units.count);
    }
    if (args.candidates != nullptr) store(args.candidates + at, candidate, units.count);
    store(static_cast<Number*>(args.outputs) + at, hidden, units.count);
    store(state, hidden, units.count);
    return hidden;
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    auto* outputs = static_cast<Number*>(args.outputs);
    store(outputs + place(args.layer, step, row, units), Floats{}, units.count);
  }
};

template <class T>
struct GruBackwardCell {
  using Number = T;
  using Gate = typename Kept<T>::Gate;
  static constexpr int kGates = 3;
  const GruBackward& args;
  float* grad_hidden = args.grad_hidden;

  UnitGradients<3> step(std::ptrdiff_t step, std::ptrdiff_t row, Units units,
                        Floats gradient) const {
    const std::ptrdiff_t size = args.layer.hidden_size();
    const std::ptrdiff_t at_gates = place(args.layer, step, row, units, kGates);
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    const auto* gates = static_cast<const Gate*>(args.gates) + at_gates;
    const Floats r = load(gates, units.count), z = load(gates + size, units.count);
    const Floats n = load(gates + 2 * size, units.count);
    const Floats candidate = load(args.candidates + at, units.count);
    if (args.grad_outputs != nullptr) {
      gradient += load(static_cast<const Number*>(args.grad_outputs) + at, units.count);
    }
    const Floats grad_n = gradient * (1.0f - z) * (1.0f - n * n);
    const Floats grad_z = gradient * (hidden_before(step, row, units) - n) * z * (1.0f - z);
    const Floats grad_r = grad_n * candidate * r * (1.0f - r);
    const Floats grad_candidate = grad_n * r;
    auto* grad_gates = static_cast<Number*>(args.grad_gates) + at_gates;
    const Floats by_gate[kGates] = {grad_r, grad_z, grad_n};
    for (int gate = 0; gate < kGates; ++gate) {
      store(grad_gates + gate * size, by_gate[gate], units.count);
      add(args.grad_bias + gate * size + units.first, by_gate[gate], units.count);
    }
    store(static_cast<Number*>(args.grad_candidates) + at, grad_candidate, units.count);
    add(args.grad_recurrent_bias + units.first, grad_candidate, units.count);
    return {{grad_r, grad_z, grad_candidate}, gradient * z};
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    const std::ptrdiff_t size = args.layer.hidden_size();
    auto* grad_gates =
        static_cast<Number*>(args.grad_gates) + place(args.layer, step, row, units, kGates);
    for (int gate = 0; gate < kGates; ++gate) {
      store(grad_gates + gate * size, Floats{}, units.count);
    }
    auto* grad_candidates = static_cast<Number*>(args.grad_candidates);
    store(grad_candidates + place(args.layer, step, row, units), Floats{}, units.count);
  }

 private:
  Floats hidden_before(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    if (step == 0) return load(args.initial_hidden + place(args.layer, row, units), units.count);
    const auto* outputs = static_cast<const Number*>(args.outputs);
    return load(outputs + place(args.layer, step - 1, row, units), units.count);
  }
};

}  // namespace

void gru_forward(const GruForward& args, Member member) {
  if (args.layer.weights->element() == Element::float32) {
    run_forward(args.layer, GruForwardCell<float>{args}, member);
  } else {
    run_forward(args.layer, GruForwardCell<Bfloat16>{args}, member);
  }
}

void gru_backward(const GruBackward& args, Member member) {
  if (args.layer.weights->element() == Element::float32) {
    run_backward(args.layer, GruBackwardCell<float>{args}, member);
  } else {
    run_backward(args.layer, GruBackwardCell<Bfloat16>{args}, member);
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
