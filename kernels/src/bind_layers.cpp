// Python bindings of the recurrent layers.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <cstring>

#include "bindings.hpp"
#include "checks.hpp"
#include "instruction_sets.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nextword {

namespace {

PackedMatrix pack(const ReadArray& weights, const std::string& precision, int num_threads) {
  check_num_threads(num_threads);
  if (precision != "float32" && precision != "bfloat16") {
    throw std::invalid_argument("precision is '" + precision +
                                "'; it must be 'float32' or 'bfloat16'.");
  }
  CallArrays arrays;
  const Shape shape = shape_of_array(weights, "weights", 2);
  const float* data = arrays.read(weights, "weights", shape);
  const std::ptrdiff_t hidden_size = shape[1];
  const std::ptrdiff_t num_gates = hidden_size > 0 ? shape[0] / hidden_size : 0;
  const bool is_known = num_gates == 1 || num_gates == 3 || num_gates == 4;
  if (!is_known || num_gates * hidden_size != shape[0]) {
    throw std::invalid_argument(
        "weights has the shape (" + std::to_string(shape[0]) + ", " + std::to_string(shape[1]) +
        "); it must be (num_gates * hidden_size, hidden_size) with 1, 3 or 4 gates.");
  }
  const Element element = precision == "float32" ? Element::float32 : Element::bfloat16;
  const nb::gil_scoped_release released;
  return PackedMatrix(data, hidden_size, static_cast<int>(num_gates), element, num_threads);
}

// A call of a layer: its sizes, its arrays, and the memory of its operands.
class LayerCall {
 public:
  // `gates` is (num_steps, batch, num_gates * hidden_size) and determines num_steps and batch.
  LayerCall(const PackedMatrix& weights, int num_gates, const ReadArray& gates, const char* name,
            const OptionalReadArray& lengths, const OptionalReadArray& mask, int num_threads)
      : num_threads_(num_threads) {
    check_num_threads(num_threads);
    if (weights.num_gates() != num_gates) {
      throw std::invalid_argument("weights were packed for " + std::to_string(weights.num_gates()) +
                                  " gates; this layer has " + std::to_string(num_gates) + ".");
    }
    const Shape shape = shape_of_array(gates, name, 3);
    layer.weights = &weights;
    layer.num_steps = shape[0];
    layer.batch_size = shape[1];
    layer.lengths = arrays.read_ids(lengths, "lengths", {layer.batch_size});
    layer.mask = arrays.read(mask, "mask", state_shape());
  }

  Shape state_shape() const { return {layer.batch_size, layer.hidden_size()}; }
  Shape step_shape(int num_gates = 1) const {
    return {layer.num_steps, layer.batch_size, num_gates * layer.hidden_size()};
  }
  Element element() const { return layer.weights->element(); }

  template <class Kernel, class Arguments>
  void run(Kernel kernel, Arguments& args, std::ptrdiff_t row_words) {
    if (layer.batch_size == 0) return;
    const nb::gil_scoped_release released;
    const auto num_bytes = static_cast<std::size_t>(2 * layer.batch_size * row_words) * 4;
    operands_ = allocate(num_bytes);
    std::memset(operands_.get(), 0, num_bytes);
    layer.operands = operands_.get();
    args.layer = layer;
    // A thread without a panel would have nothing to do.
    const auto num_threads =
        static_cast<int>(std::min<std::ptrdiff_t>(num_threads_, layer.weights->num_panels()));
    run_on_team(num_threads, [&](Member member) { kernel(args, member); });
  }

  template <class Kernel, class Arguments>
  void run_forward(Kernel kernel, Arguments& args) {
    run(kernel, args, forward_words(layer.hidden_size(), element()));
  }

  template <class Kernel, class Arguments>
  void run_backward(Kernel kernel, Arguments& args) {
    run(kernel, args, backward_words(layer.hidden_size(), layer.weights->num_gates(), element()));
  }

  Layer layer{};
  CallArrays arrays;

 private:
  int num_threads_;
  Memory operands_;
};

float* cleared(float* numbers, std::ptrdiff_t count) {
  std::fill_n(numbers, count, 0.0f);
  return numbers;
}

void lstm_forward(const PackedMatrix& weights, const ReadArray& input_gates,
                  const ReadArray& initial_hidden, const ReadArray& initial_cell,
                  const OptionalReadArray& lengths, const OptionalReadArray& mask,
                  const OptionalWriteArray& gates, const OptionalWriteArray& cells,
                  const WriteArray& outputs, const WriteArray& final_hidden,
                  const WriteArray& final_cell, int num_threads) {
  LayerCall call(weights, 4, input_gates, "input_gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  LstmForward args{};
  args.input_gates = arrays.read(input_gates, "input_gates", call.step_shape(4), call.element());
  args.initial_hidden = arrays.read(initial_hidden, "initial_hidden", call.state_shape());
  args.initial_cell = arrays.read(initial_cell, "initial_cell", call.state_shape());
  args.gates = arrays.write_gates(gates, "gates", call.step_shape(4), call.element());
  args.cells = arrays.write(cells, "cells", call.step_shape());
  args.outputs = arrays.write(outputs, "outputs", call.step_shape(), call.element());
  args.final_hidden = arrays.write(final_hidden, "final_hidden", call.state_shape());
  args.final_cell = arrays.write(final_cell, "final_cell", call.state_shape());
  arrays.finish({{"input_gates", "gates"}});
  call.run_forward(kernels().lstm_forward, args);
}

void lstm_backward(const PackedMatrix& weights, const ReadArray& gates, const ReadArray& cells,
                   const ReadArray& initial_cell, const OptionalReadArray& grad_outputs,
                   const OptionalReadArray& lengths, const OptionalReadArray& mask,
                   const WriteArray& grad_gates, const WriteArray& grad_hidden,
                   const WriteArray& grad_cell, const WriteArray& grad_bias, int num_threads) {
  LayerCall call(weights, 4, gates, "gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  LstmBackward args{};
  args.gates = arrays.read_gates(gates, "gates", call.step_shape(4), call.element());
  args.cells = arrays.read(cells, "cells", call.step_shape());
  args.initial_cell = arrays.read(initial_cell, "initial_cell", call.state_shape());
  args.grad_outputs = arrays.read(grad_outputs, "grad_outputs", call.step_shape(), call.element());
  args.grad_gates = arrays.write(grad_gates, "grad_gates", call.step_shape(4), call.element());
  args.grad_hidden = arrays.write(grad_hidden, "grad_hidden", call.state_shape());
  args.grad_cell = arrays.write(grad_cell, "grad_cell", call.state_shape());
  const std::ptrdiff_t bias_size = 4 * weights.hidden_size();
  args.grad_bias = arrays.write(grad_bias, "grad_bias", {bias_size});
  arrays.finish({{"gates", "grad_gates"}});
  cleared(args.grad_bias, bias_size);
  call.run_backward(kernels().lstm_backward, args);
}

void gru_forward(const PackedMatrix& weights, const ReadArray& input_gates,
                 const ReadArray& initial_hidden, const OptionalReadArray& recurrent_bias,
                 const OptionalReadArray& lengths, const OptionalReadArray& mask,
                 const OptionalWriteArray& gates, const OptionalWriteArray& candidates,
                 const WriteArray& outputs, const WriteArray& final_hidden, int num_threads) {
  LayerCall call(weights, 3, input_gates, "input_gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  GruForward args{};
  args.input_gates = arrays.read(input_gates, "input_gates", call.step_shape(3), call.element());
  args.recurrent_bias = arrays.read(recurrent_bias, "recurrent_bias", {weights.hidden_size()});
  args.initial_hidden = arrays.read(initial_hidden, "initial_hidden", call.state_shape());
  args.gates = arrays.write_gates(gates, "gates", call.step_shape(3), call.element());
  args.candidates = arrays.write(candidates, "candidates", call.step_shape());
  args.outputs = arrays.write(outputs, "outputs", call.step_shape(), call.element());
  args.final_hidden = arrays.write(final_hidden, "final_hidden", call.state_shape());
  arrays.finish({{"input_gates", "gates"}});
  call.run_forward(kernels().gru_forward, args);
}

void gru_backward(const PackedMatrix& weights, const ReadArray& gates, const ReadArray& candidates,
                  const ReadArray& outputs, const ReadArray& initial_hidden,
                  const OptionalReadArray& grad_outputs, const OptionalReadArray& lengths,
                  const OptionalReadArray& mask, const WriteArray& grad_gates,
                  const WriteArray& grad_candidates, const WriteArray& grad_hidden,
                  const WriteArray& grad_bias, const WriteArray& grad_recurrent_bias,
                  int num_threads) {
  LayerCall call(weights, 3, gates, "gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  GruBackward args{};
  args.gates = arrays.read_gates(gates, "gates", call.step_shape(3), call.element());
  args.candidates = arrays.read(candidates, "candidates", call.step_shape());
  args.outputs = arrays.read(outputs, "outputs", call.step_shape(), call.element());
  args.initial_hidden = arrays.read(initial_hidden, "initial_hidden", call.state_shape());
  args.grad_outputs = arrays.read(grad_outputs, "grad_outputs", call.step_shape(), call.element());
  args.grad_gates = arrays.write(grad_gates, "grad_gates", call.step_shape(3), call.element());
  args.grad_candidates =
      arrays.write(grad_candidates, "grad_candidates", call.step_shape(), call.element());
  args.grad_hidden = arrays.write(grad_hidden, "grad_hidden", call.state_shape());
  args.grad_bias = arrays.write(grad_bias, "grad_bias", {3 * weights.hidden_size()});
  args.grad_recurrent_bias =
      arrays.write(grad_recurrent_bias, "grad_recurrent_bias", {weights.hidden_size()});
  arrays.finish({{"gates", "grad_gates"}, {"candidates", "grad_candidates"}});
  cleared(args.grad_bias, 3 * weights.hidden_size());
  cleared(args.grad_recurrent_bias, weights.hidden_size());
  call.run_backward(kernels().gru_backward, args);
}

Nonlinearity nonlinearity_of(const std::string& name) {
  if (name == "tanh") return Nonlinearity::tanh;
  if (name == "sigmoid") return Nonlinearity::sigmoid;
  if (name == "relu") return Nonlinearity::relu;
  throw std::invalid_argument("nonlinearity is '" + name +
                              "'; it must be 'tanh', 'sigmoid' or 'relu'.");
}

void elman_forward(const PackedMatrix& weights, const ReadArray& input_gates,
                   const ReadArray& initial_hidden, const std::string& nonlinearity,
                   const OptionalReadArray& lengths, const OptionalReadArray& mask,
                   const OptionalWriteArray& gates, const WriteArray& outputs,
                   const WriteArray& final_hidden, int num_threads) {
  LayerCall call(weights, 1, input_gates, "input_gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  ElmanForward args{};
  args.nonlinearity = nonlinearity_of(nonlinearity);
  args.input_gates = arrays.read(input_gates, "input_gates", call.step_shape(), call.element());
  args.initial_hidden = arrays.read(initial_hidden, "initial_hidden", call.state_shape());
  args.gates = arrays.write(gates, "gates", call.step_shape());
  args.outputs = arrays.write(outputs, "outputs", call.step_shape(), call.element());
  args.final_hidden = arrays.write(final_hidden, "final_hidden", call.state_shape());
  arrays.finish({{"input_gates", "gates"}});
  call.run_forward(kernels().elman_forward, args);
}

void elman_backward(const PackedMatrix& weights, const ReadArray& gates,
                    const std::string& nonlinearity, const OptionalReadArray& grad_outputs,
                    const OptionalReadArray& lengths, const OptionalReadArray& mask,
                    const WriteArray& grad_gates, const WriteArray& grad_hidden,
                    const WriteArray& grad_bias, int num_threads) {
  LayerCall call(weights, 1, gates, "gates", lengths, mask, num_threads);
  CallArrays& arrays = call.arrays;
  ElmanBackward args{};
  args.nonlinearity = nonlinearity_of(nonlinearity);
  args.gates = arrays.read(gates, "gates", call.step_shape());
  args.grad_outputs = arrays.read(grad_outputs, "grad_outputs", call.step_shape(), call.element());
  args.grad_gates = arrays.write(grad_gates, "grad_gates", call.step_shape(), call.element());
  args.grad_hidden = arrays.write(grad_hidden, "grad_hidden", call.state_shape());
  args.grad_bias = arrays.write(grad_bias, "grad_bias", {weights.hidden_size()});
  arrays.finish({{"gates", "grad_gates"}});
  cleared(args.grad_bias, weights.hidden_size());
  call.run_backward(kernels().elman_backward, args);
}

}  // namespace

void bind_layers(nb::module_& module) {
  nb::class_<PackedMatrix>(module, "PackedMatrix")
      .def_prop_ro("hidden_size", &PackedMatrix::hidden_size)
      .def_prop_ro("num_gates", &PackedMatrix::num_gates)
      .def_prop_ro("precision", [](const PackedMatrix& weights) {
        return weights.element() == Element::float32 ? "float32" : "bfloat16";
      });
  module.def("pack", pack, "weights"_a, nb::kw_only(), "precision"_a, "num_threads"_a);
  module.def("lstm_forward", lstm_forward, "weights"_a, nb::kw_only(), "input_gates"_a,
             "initial_hidden"_a, "initial_cell"_a, "lengths"_a = nb::none(), "mask"_a = nb::none(),
             "gates"_a = nb::none(), "cells"_a = nb::none(), "outputs"_a, "final_hidden"_a,
             "final_cell"_a, "num_threads"_a);
  module.def("lstm_backward", lstm_backward, "weights"_a, nb::kw_only(), "gates"_a, "cells"_a,
             "initial_cell"_a, "grad_outputs"_a = nb::none(), "lengths"_a = nb::none(),
             "mask"_a = nb::none(), "grad_gates"_a, "grad_hidden"_a, "grad_cell"_a, "grad_bias"_a,
             "num_threads"_a);
  module.def("gru_forward", gru_forward, "weights"_a, nb::kw_only(), "input_gates"_a,
             "initial_hidden"_a, "recurrent_bias"_a = nb::none(), "lengths"_a = nb::none(),
             "mask"_a = nb::none(), "gates"_a = nb::none(), "candidates"_a = nb::none(),
             "outputs"_a, "final_hidden"_a, "num_threads"_a);
  module.def("gru_backward", gru_backward, "weights"_a, nb::kw_only(), "gates"_a, "candidates"_a,
             "outputs"_a, "initial_hidden"_a, "grad_outputs"_a = nb::none(),
             "lengths"_a = nb::none(), "mask"_a = nb::none(), "grad_gates"_a, "grad_candidates"_a,
             "grad_hidden"_a, "grad_bias"_a, "grad_recurrent_bias"_a, "num_threads"_a);
  module.def("elman_forward", elman_forward, "weights"_a, nb::kw_only(), "input_gates"_a,
             "initial_hidden"_a, "nonlinearity"_a, "lengths"_a = nb::none(), "mask"_a = nb::none(),
             "gates"_a = nb::none(), "outputs"_a, "final_hidden"_a, "num_threads"_a);
  module.def("elman_backward", elman_backward, "weights"_a, nb::kw_only(), "gates"_a,
             "nonlinearity"_a, "grad_outputs"_a = nb::none(), "lengths"_a = nb::none(),
             "mask"_a = nb::none(), "grad_gates"_a, "grad_hidden"_a, "grad_bias"_a,
             "num_threads"_a);
}

}  // namespace nextword
