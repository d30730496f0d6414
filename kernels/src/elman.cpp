// The simple recurrent network: h = f(input + U h'), where f is tanh, sigmoid or ReLU.
#include "activations.hpp"
#include "kernel_table.hpp"
#include "time_loop.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

// f, and its derivative in terms of its value.
template <Nonlinearity kind>
inline Floats activate(Floats x) {
  if constexpr (kind == Nonlinearity::tanh) return hyperbolic_tangent(x);
  if constexpr (kind == Nonlinearity::sigmoid) return sigmoid(x);
  // Written so that NaN is propagated.
  return x < Floats{} ? Floats{} : x;
}

template <Nonlinearity kind>
inline Floats slope(Floats value) {
  if constexpr (kind == Nonlinearity::tanh) return 1.0f - value * value;
  if constexpr (kind == Nonlinearity::sigmoid) return value * (1.0f - value);
  return value > Floats{} ? splat(1.0f) : Floats{};
}

template <class T, Nonlinearity kind>
struct ElmanForwardCell {
  using Number = T;
  static constexpr int kGates = 1;
  const ElmanForward& args;

  Floats begin(std::ptrdiff_t row, Units units) const {
    const std::ptrdiff_t at = place(args.layer, row, units);
    const Floats hidden = load(args.initial_hidden + at, units.count);
    store(args.final_hidden + at, hidden, units.count);
    return hidden;
  }

  Floats step(std::ptrdiff_t step, std::ptrdiff_t row, Units units, Floats sum) const {
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    const auto* inputs = static_cast<const Number*>(args.input_gates) + at;
    const Floats hidden = activate<kind>(load(inputs, units.count) + sum);
    if (args.gates != nullptr) store(args.gates + at, hidden, units.count);
    store(static_cast<Number*>(args.outputs) + at, hidden, units.count);
    store(args.final_hidden + place(args.layer, row, units), hidden, units.count);
    return hidden;
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    auto* outputs = static_cast<Number*>(args.outputs);
    store(outputs + place(args.layer, step, row, units), Floats{}, units.count);
  }
};

template <class T, Nonlinearity kind>
struct ElmanBackwardCell {
  using Number = T;
  static constexpr int kGates = 1;
  const ElmanBackward& args;
  float* grad_hidden = args.grad_hidden;

  UnitGradients<1> step(std::ptrdiff_t step, std::ptrdiff_t row, Units units,
                        Floats gradient) const {
    const std::ptrdiff_t at = place(args.layer, step, row, units);
    const Floats value = load(args.gates + at, units.count);
    if (args.grad_outputs != nullptr) {
      gradient += load(static_cast<const Number*>(args.grad_outputs) + at, units.count);
    }
    const Floats grad_gate = gradient * slope<kind>(value);
    store(static_cast<Number*>(args.grad_gates) + at, grad_gate, units.count);
    add(args.grad_bias + units.first, grad_gate, units.count);
    return {{grad_gate}, Floats{}};
  }

  void skip(std::ptrdiff_t step, std::ptrdiff_t row, Units units) const {
    auto* grad_gates = static_cast<Number*>(args.grad_gates);
    store(grad_gates + place(args.layer, step, row, units), Floats{}, units.count);
  }
};

// Calls `run<Number, kind>()` for the layer's dtype and nonlinearity.
template <class Run>
void with_kind(const Layer& layer, Nonlinearity nonlinearity, Run&& run) {
  const auto with_number = [&](auto kind) {
    if (layer.weights->element() == Element::float32) {
      run(float{}, kind);
    } else {
      run(Bfloat16{}, kind);
    }
  };
  switch (nonlinearity) {
    case Nonlinearity::tanh:
      return with_number(std::integral_constant<Nonlinearity, Nonlinearity::tanh>{});
    case Nonlinearity::sigmoid:
      return with_number(std::integral_constant<Nonlinearity, Nonlinearity::sigmoid>{});
    case Nonlinearity::relu:
      return with_number(std::integral_constant<Nonlinearity, Nonlinearity::relu>{});
  }
}

}  // namespace

void elman_forward(const ElmanForward& args, Member member) {
  with_kind(args.layer, args.nonlinearity, [&](auto number, auto kind) {
    using Cell = ElmanForwardCell<decltype(number), decltype(kind)::value>;
    run_forward(args.layer, Cell{args}, member);
  });
}

void elman_backward(const ElmanBackward& args, Member member) {
  with_kind(args.layer, args.nonlinearity, [&](auto number, auto kind) {
    using Cell = ElmanBackwardCell<decltype(number), decltype(kind)::value>;
    run_backward(args.layer, Cell{args}, member);
  });
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
