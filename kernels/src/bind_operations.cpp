// Python bindings of cross-entropy, transpose and dropout.
#include <nanobind/nanobind.h>

#include <algorithm>

#include "bindings.hpp"
#include "checks.hpp"
#include "instruction_sets.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nextword {

namespace {

template <class Kernel, class Arguments>
void run(Kernel kernel, const Arguments& arguments, int num_threads) {
  const nb::gil_scoped_release released;
  run_on_team(num_threads, [&](Member member) { kernel(arguments, member); });
}

// Shared by forward and backward: the sizes, and the targets, whose values are checked last.
template <class Arguments>
void describe_cross_entropy(Arguments& args, const ReadArray& logits) {
  args.element = element_of_array(logits, "logits");
  const Shape shape = shape_of_array(logits, "logits", 2);
  args.num_rows = shape[0];
  args.vocab_size = shape[1];
}

void cross_entropy_forward(const ReadArray& logits, const ReadArray& target_ids,
                           const OptionalReadArray& bias, const WriteArray& nll,
                           const OptionalWriteArray& log_sums, int num_threads) {
  check_num_threads(num_threads);
  CallArrays arrays;
  CrossEntropyForward args{};
  describe_cross_entropy(args, logits);
  args.logits = arrays.read(logits, "logits", {args.num_rows, args.vocab_size}, args.element);
  args.target_ids = arrays.read_ids(target_ids, "target_ids", {args.num_rows});
  args.bias = arrays.read(bias, "bias", {args.vocab_size});
  args.nll = arrays.write(nll, "nll", {args.num_rows});
  args.log_sums = arrays.write(log_sums, "log_sums", {args.num_rows});
  arrays.finish();
  check_ids(args.target_ids, args.num_rows, args.vocab_size, "target_ids");
  run(kernels().cross_entropy_forward, args, num_threads);
}

void cross_entropy_backward(const WriteArray& logits, const ReadArray& target_ids,
                            const OptionalReadArray& bias, const ReadArray& log_sums,
                            const ReadArray& row_gradients, const OptionalWriteArray& grad_bias,
                            int num_threads) {
  check_num_threads(num_threads);
  CallArrays arrays;
  CrossEntropyBackward args{};
  describe_cross_entropy(args, ReadArray(logits));
  args.logits = arrays.write(logits, "logits", {args.num_rows, args.vocab_size}, args.element);
  args.target_ids = arrays.read_ids(target_ids, "target_ids", {args.num_rows});
  args.bias = arrays.read(bias, "bias", {args.vocab_size});
  args.log_sums = arrays.read(log_sums, "log_sums", {args.num_rows});
  args.row_gradients = arrays.read(row_gradients, "row_gradients", {args.num_rows});
  args.grad_bias = arrays.write(grad_bias, "grad_bias", {args.vocab_size});
  arrays.finish();
  check_ids(args.target_ids, args.num_rows, args.vocab_size, "target_ids");
  Memory sums;
  if (args.grad_bias != nullptr) {
    const auto count = static_cast<std::size_t>(num_threads * args.vocab_size);
    sums = allocate(count * sizeof(float));
    args.partial_sums = reinterpret_cast<float*>(sums.get());
    std::fill_n(args.partial_sums, count, 0.0f);
  }
  run(kernels().cross_entropy_backward, args, num_threads);
}

void dropout(const OptionalReadArray& inputs, const WriteArray& outputs, double probability,
             uint64_t seed, uint64_t offset, int num_threads) {
  check_num_threads(num_threads);
  if (!(probability >= 0.0 && probability <= 1.0)) {
    throw std::invalid_argument("probability is " + std::to_string(probability) +
                                "; it must be from 0 to 1.");
  }
  const ReadArray readable(outputs);
  const Shape shape = shape_of_array(readable, "outputs", readable.ndim());
  CallArrays arrays;
  Dropout args{};
  args.element = element_of_array(readable, "outputs");
  args.num_elements = static_cast<std::ptrdiff_t>(readable.size());
  args.inputs = arrays.read(inputs, "inputs", shape, args.element);
  args.outputs = arrays.write(outputs, "outputs", shape, args.element);
  args.probability = probability;
  args.seed = seed;
  args.offset = offset;
  arrays.finish({{"inputs", "outputs"}});
  run(kernels().dropout, args, num_threads);
}

void transpose(const ReadArray& matrix, const WriteArray& out, int num_threads) {
  check_num_threads(num_threads);
  CallArrays arrays;
  const Shape shape = shape_of_array(matrix, "matrix", 2);
  Transpose args{};
  args.num_rows = shape[0];
  args.num_columns = shape[1];
  args.element = element_of_array(ReadArray(out), "out");
  args.matrix = arrays.read(matrix, "matrix", shape);
  args.out = arrays.write(out, "out", {args.num_columns, args.num_rows}, args.element);
  arrays.finish();
  run(kernels().transpose, args, num_threads);
}

}  // namespace

void bind_operations(nb::module_& module) {
  module.def("cross_entropy_forward", cross_entropy_forward, "logits"_a, "target_ids"_a,
             nb::kw_only(), "bias"_a = nb::none(), "nll"_a, "log_sums"_a = nb::none(),
             "num_threads"_a);
  module.def("cross_entropy_backward", cross_entropy_backward, "logits"_a, "target_ids"_a,
             nb::kw_only(), "bias"_a = nb::none(), "log_sums"_a, "row_gradients"_a,
             "grad_bias"_a = nb::none(), "num_threads"_a);
  module.def("dropout", dropout, "inputs"_a.none(), nb::kw_only(), "outputs"_a, "probability"_a,
             "seed"_a, "offset"_a, "num_threads"_a);
  module.def("transpose", transpose, "matrix"_a, nb::kw_only(), "out"_a, "num_threads"_a);
}

}  // namespace nextword
