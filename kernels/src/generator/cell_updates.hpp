// The pointwise part of a step of each cell: from sums of products to the new state of a row.
#pragma once

#include "../activations.hpp"
#include "network.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// The sums of a row. Those of the inputs may be a row of the table of tokens.
template <class Number>
struct RowSums {
  const Number* inputs;
  const float* recurrent;
  std::ptrdiff_t size;  // of a gate

  Floats input(int gate, std::ptrdiff_t unit, int count) const {
    return load(inputs + gate * size + unit, count);
  }
  Floats product(int gate, std::ptrdiff_t unit, int count) const {
    return load(recurrent + gate * size + unit, count);
  }
  Floats sum(int gate, std::ptrdiff_t unit, int count) const {
    return input(gate, unit, count) + product(gate, unit, count);
  }
};

// c = f * c' + i * g, h = o * tanh(c).
template <class Number>
inline Floats update_lstm(const RowSums<Number>& sums, std::ptrdiff_t unit, int count,
                          float* cell_state) {
  const Floats i = sigmoid(sums.sum(0, unit, count));
  const Floats f = sigmoid(sums.sum(1, unit, count));
  const Floats g = hyperbolic_tangent(sums.sum(2, unit, count));
  const Floats o = sigmoid(sums.sum(3, unit, count));
  const Floats cell = f * load(cell_state + unit, count) + i * g;
  store(cell_state + unit, cell, count);
  return o * hyperbolic_tangent(cell);
}

// n = tanh(input + r * product), h = (1 - z) * n + z * h'. The product includes the second bias.
template <class Number>
inline Floats update_gru(const RowSums<Number>& sums, std::ptrdiff_t unit, int count,
                         const float* hidden_state) {
  const Floats r = sigmoid(sums.sum(0, unit, count));
  const Floats z = sigmoid(sums.sum(1, unit, count));
  const Floats n =
      hyperbolic_tangent(sums.input(2, unit, count) + r * sums.product(2, unit, count));
  return n + z * (load(hidden_state + unit, count) - n);
}

inline Floats activate(CellKind kind, Floats x) {
  if (kind == CellKind::tanh) return hyperbolic_tangent(x);
  if (kind == CellKind::sigmoid) return sigmoid(x);
  // Written so that NaN is propagated.
  return x < Floats{} ? Floats{} : x;
}

// Computes the new hidden state of a row; `parts` are the vectors of its state. A GRU's hidden
// state is read before it is overwritten; `hidden` may be the first part.
template <class Number>
inline void update_row(CellKind kind, const RowSums<Number>& sums, float* const* parts,
                       float* hidden) {
  for (std::ptrdiff_t unit = 0; unit < sums.size; unit += kLanes) {
    const std::ptrdiff_t left = sums.size - unit;
    const int count = static_cast<int>(left < kLanes ? left : kLanes);
    Floats value;
    if (kind == CellKind::lstm) {
      value = update_lstm(sums, unit, count, parts[1]);
    } else if (kind == CellKind::gru) {
      value = update_gru(sums, unit, count, parts[0]);
    } else {
      value = activate(kind, sums.sum(0, unit, count));
    }
    store(hidden + unit, value, count);
  }
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
