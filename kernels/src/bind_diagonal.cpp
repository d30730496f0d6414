// Python bindings of diagonal layers and of linear recurrences.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <cstring>

#include "bindings.hpp"
#include "checks.hpp"
#include "instruction_sets.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nextword {

namespace {

int gates_of(DiagonalCell cell) { return cell == DiagonalCell::min_gru ? 2 : 3; }

DiagonalCell cell_of(const std::string& name) {
  if (name == "min_gru") return DiagonalCell::min_gru;
  if (name == "min_lstm") return DiagonalCell::min_lstm;
  throw std::invalid_argument("cell is '" + name + "'; it must be 'min_gru' or 'min_lstm'.");
}

// What both directions have: the sizes, the gates, the initial state and the lengths.
class DiagonalCall {
 public:
  DiagonalCall(const ReadArray& gates, const std::string& cell, const ReadArray& initial_hidden,
               const OptionalReadArray& lengths, int num_threads)
      : num_threads_(num_threads) {
    check_num_threads(num_threads);
    layer.cell = cell_of(cell);
    layer.element = element_of_array(gates, "gates");
    const Shape shape = shape_of_array(gates, "gates", 3);
    layer.batch_size = shape[0];
    layer.num_steps = shape[1];
    layer.hidden_size = shape_of_array(initial_hidden, "initial_hidden", 2)[1];
    layer.gates = arrays.read(gates, "gates", step_shape(gates_of(layer.cell)), layer.element);
    layer.initial_hidden = arrays.read(initial_hidden, "initial_hidden", state_shape());
    layer.lengths = arrays.read_ids(lengths, "lengths", {layer.batch_size});
  }

  Shape state_shape() const { return {layer.batch_size, layer.hidden_size}; }
  Shape step_shape(int num_gates = 1) const {
    return {layer.batch_size, layer.num_steps, num_gates * layer.hidden_size};
  }

  template <class Kernel, class Arguments>
  void run(Kernel kernel, Arguments& args) {
    arrays.finish();
    args.layer = layer;
    if (layer.batch_size == 0 || layer.hidden_size == 0) return;
    const nb::gil_scoped_release released;
    run_on_team(num_threads_, [&](Member member) { kernel(args, member); });
  }

  DiagonalLayer layer{};
  CallArrays arrays;

 private:
  int num_threads_;
};

void diagonal_forward(const ReadArray& gates, const std::string& cell,
                      const ReadArray& initial_hidden, const OptionalReadArray& lengths,
                      const WriteArray& outputs, const WriteArray& final_hidden, int num_threads) {
  DiagonalCall call(gates, cell, initial_hidden, lengths, num_threads);
  DiagonalForward args{};
  args.outputs = call.arrays.write(outputs, "outputs", call.step_shape(), call.layer.element);
  args.final_hidden = call.arrays.write(final_hidden, "final_hidden", call.state_shape());
  call.run(kernels().diagonal_forward, args);
}

void diagonal_backward(const ReadArray& gates, const std::string& cell,
                       const ReadArray& initial_hidden, const ReadArray& outputs,
                       const OptionalReadArray& grad_outputs, const OptionalReadArray& lengths,
                       const WriteArray& grad_gates, const WriteArray& grad_hidden,
                       int num_threads) {
  DiagonalCall call(gates, cell, initial_hidden, lengths, num_threads);
  CallArrays& arrays = call.arrays;
  const Element element = call.layer.element;
  DiagonalBackward args{};
  args.outputs = arrays.read(outputs, "outputs", call.step_shape(), element);
  args.grad_outputs = arrays.read(grad_outputs, "grad_outputs", call.step_shape(), element);
  const Shape gates_shape = call.step_shape(gates_of(call.layer.cell));
  args.grad_gates = arrays.write(grad_gates, "grad_gates", gates_shape, element);
  args.grad_hidden = arrays.write(grad_hidden, "grad_hidden", call.state_shape());
  call.run(kernels().diagonal_backward, args);
}

// Sets the sizes of a recurrence and the arrays that both directions have.
template <class Arguments>
Shape describe_recurrence(Arguments& args, CallArrays& arrays, const ReadArray& decays,
                          const ReadArray& initial) {
  const Shape shape = shape_of_array(decays, "decays", 2);
  args.is_float64 = is_float64_array(decays, "decays");
  args.num_steps = shape[0];
  args.width = shape[1];
  args.decays = arrays.read_reals(decays, "decays", shape, args.is_float64);
  args.initial = arrays.read_reals(initial, "initial", {args.width}, args.is_float64);
  return shape;
}

void recurrence_forward(const ReadArray& decays, const ReadArray& updates, const ReadArray& initial,
                        const WriteArray& states, int num_threads) {
  check_num_threads(num_threads);
  CallArrays arrays;
  RecurrenceForward args{};
  const Shape shape = describe_recurrence(args, arrays, decays, initial);
  args.updates = arrays.read_reals(updates, "updates", shape, args.is_float64);
  args.states = arrays.write_reals(states, "states", shape, args.is_float64);
  arrays.finish();
  const nb::gil_scoped_release released;
  const auto kernel = kernels().recurrence_forward;
  run_on_team(num_threads, [&](Member member) { kernel(args, member); });
}

void recurrence_backward(const ReadArray& decays, const ReadArray& initial, const ReadArray& states,
                         const ReadArray& grad_states, const WriteArray& grad_decays,
                         const WriteArray& grad_updates, const WriteArray& grad_initial,
                         int num_threads) {
  check_num_threads(num_threads);
  CallArrays arrays;
  RecurrenceBackward args{};
  const Shape shape = describe_recurrence(args, arrays, decays, initial);
  const bool is_float64 = args.is_float64;
  args.states = arrays.read_reals(states, "states", shape, is_float64);
  args.grad_states = arrays.read_reals(grad_states, "grad_states", shape, is_float64);
  args.grad_decays = arrays.write_reals(grad_decays, "grad_decays", shape, is_float64);
  args.grad_updates = arrays.write_reals(grad_updates, "grad_updates", shape, is_float64);
  args.grad_initial = arrays.write_reals(grad_initial, "grad_initial", {args.width}, is_float64);
  arrays.finish();
  const nb::gil_scoped_release released;
  const auto kernel = kernels().recurrence_backward;
  run_on_team(num_threads, [&](Member member) { kernel(args, member); });
}

}  // namespace

void bind_diagonal(nb::module_& module) {
  module.def("diagonal_forward", diagonal_forward, "gates"_a, nb::kw_only(), "cell"_a,
             "initial_hidden"_a, "lengths"_a = nb::none(), "outputs"_a, "final_hidden"_a,
             "num_threads"_a);
  module.def("diagonal_backward", diagonal_backward, "gates"_a, nb::kw_only(), "cell"_a,
             "initial_hidden"_a, "outputs"_a, "grad_outputs"_a = nb::none(),
             "lengths"_a = nb::none(), "grad_gates"_a, "grad_hidden"_a, "num_threads"_a);
  module.def("recurrence_forward", recurrence_forward, "decays"_a, "updates"_a, nb::kw_only(),
             "initial"_a, "states"_a, "num_threads"_a);
  module.def("recurrence_backward", recurrence_backward, "decays"_a, nb::kw_only(), "initial"_a,
             "states"_a, "grad_states"_a, "grad_decays"_a, "grad_updates"_a, "grad_initial"_a,
             "num_threads"_a);
}

}  // namespace nextword
