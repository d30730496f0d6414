// Python bindings of the generator: packed matrices, samplers and networks.
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "../bindings.hpp"
#include "../checks.hpp"
#include "../instruction_sets.hpp"
#include "network.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nextword {

namespace {

using SharedRows = std::shared_ptr<PackedRows>;
using LayerMatrices = std::tuple<SharedRows, SharedRows, SharedRows>;
using TailMatrices = std::tuple<SharedRows, SharedRows>;

const char* name_of(Element element) {
  if (element == Element::float32) return "float32";
  return element == Element::bfloat16 ? "bfloat16" : "int8";
}

Shape matrix_shape(const ReadArray& matrix, const char* name) {
  const Shape shape = shape_of_array(matrix, name, 2);
  if (shape[0] > 0 && shape[1] > 0) return shape;
  throw std::invalid_argument(std::string(name) + " has the shape (" + std::to_string(shape[0]) +
                              ", " + std::to_string(shape[1]) + "); it must not be empty.");
}

SharedRows pack_rows(const ReadArray& weights, const OptionalReadArray& bias,
                     const std::string& precision) {
  if (precision != "float32" && precision != "bfloat16") {
    throw std::invalid_argument("precision is '" + precision +
                                "'; it must be 'float32' or 'bfloat16'. Use pack_codes for int8.");
  }
  CallArrays arrays;
  const Shape shape = matrix_shape(weights, "weights");
  const float* data = arrays.read(weights, "weights", shape);
  const float* biases = arrays.read(bias, "bias", {shape[0]});
  const Element element = precision == "float32" ? Element::float32 : Element::bfloat16;
  const nb::gil_scoped_release released;
  return std::make_shared<PackedRows>(data, biases, shape[0], shape[1], element);
}

SharedRows pack_codes(const ReadArray& codes, const ReadArray& scales,
                      const OptionalReadArray& bias) {
  CallArrays arrays;
  const Shape shape = matrix_shape(codes, "codes");
  const int8_t* data = arrays.read_codes(codes, "codes", shape);
  const float* steps = arrays.read(scales, "scales", {shape[0]});
  const float* biases = arrays.read(bias, "bias", {shape[0]});
  if (shape[1] > kMostInt8Columns) {
    throw std::invalid_argument("codes has " + std::to_string(shape[1]) +
                                " columns; sums of more than " + std::to_string(kMostInt8Columns) +
                                " products do not fit into 32 bits.");
  }
  if (std::find(data, data + shape[0] * shape[1], int8_t{-128}) != data + shape[0] * shape[1]) {
    throw std::invalid_argument("codes has -128; codes must be from -127 to 127.");
  }
  const nb::gil_scoped_release released;
  return std::make_shared<PackedRows>(data, steps, biases, shape[0], shape[1]);
}

// Throws std::invalid_argument with the name of a setting that is out of range; NaN is.
void check_setting(bool is_good, const char* name, double value, const char* range) {
  if (is_good) return;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(value) + "; it must be " +
                              range + ".");
}

std::shared_ptr<Sampler> make_sampler(std::ptrdiff_t vocab_size, double temperature,
                                      std::ptrdiff_t top_k, double min_p, double top_p,
                                      double typical_p, double repetition_penalty,
                                      const OptionalReadArray& banned_ids) {
  check_setting(vocab_size > 0, "vocab_size", static_cast<double>(vocab_size), "at least 1");
  check_setting(temperature >= 0 && temperature <= 1e6, "temperature", temperature,
                "from 0 to 1e6");
  check_setting(top_k >= 0, "top_k", static_cast<double>(top_k), "at least 0");
  check_setting(min_p >= 0 && min_p <= 1, "min_p", min_p, "from 0 to 1");
  check_setting(top_p > 0 && top_p <= 1, "top_p", top_p, "above 0 and at most 1");
  check_setting(typical_p > 0 && typical_p <= 1, "typical_p", typical_p, "above 0 and at most 1");
  check_setting(repetition_penalty > 0 && repetition_penalty <= 1e6, "repetition_penalty",
                repetition_penalty, "above 0 and at most 1e6");
  auto sampler = std::make_shared<Sampler>();
  sampler->vocab_size = vocab_size;
  // Its inverse is a float32; below this, only ties with the most probable token differ.
  sampler->temperature =
      temperature == 0 ? 0.0f : std::max(static_cast<float>(temperature), 1e-30f);
  sampler->top_k = top_k;
  sampler->min_p = static_cast<float>(min_p);
  sampler->top_p = top_p;
  sampler->typical_p = typical_p;
  sampler->repetition_penalty = static_cast<float>(repetition_penalty);
  if (banned_ids && banned_ids->size() > 0) {
    CallArrays arrays;
    const Shape shape = shape_of_array(*banned_ids, "banned_ids", 1);
    const int64_t* ids = arrays.read_ids(*banned_ids, "banned_ids", shape);
    check_ids(ids, shape[0], vocab_size, "banned_ids");
    sampler->banned.assign(static_cast<std::size_t>(vocab_size), 0);
    for (std::ptrdiff_t at = 0; at < shape[0]; ++at) sampler->banned[ids[at]] = 1;
    sampler->last_banned = *std::max_element(ids, ids + shape[0]);
  }
  return sampler;
}

constexpr CellKind kCells[] = {CellKind::lstm, CellKind::gru, CellKind::tanh, CellKind::sigmoid,
                               CellKind::relu};

const char* name_of(CellKind cell) {
  constexpr const char* kNames[] = {"lstm", "gru", "tanh", "sigmoid", "relu"};
  return kNames[static_cast<int>(cell)];
}

CellKind cell_of(const std::string& name) {
  for (const CellKind cell : kCells) {
    if (name == name_of(cell)) return cell;
  }
  throw std::invalid_argument("cell is '" + name +
                              "'; it must be 'lstm', 'gru', 'tanh', 'sigmoid' or 'relu'.");
}

// A network, and the array of its tokens, which is not copied.
class BoundNetwork {
 public:
  BoundNetwork(const std::string& cell, const std::vector<LayerMatrices>& layers,
               const ReadArray& tokens, bool holds_gates, const SharedRows& output,
               const std::vector<TailMatrices>& tails, bool residual)
      : tokens_(tokens),
        network_(cell_of(cell), layers_of(layers), table_of(tokens, holds_gates), output,
                 tails_of(tails), residual) {}

  const Network& network() const { return network_; }

  void read(const ReadArray& token_ids, const std::vector<WriteArray>& states,
            const OptionalReadArray& slots, const OptionalWriteArray& log_probs,
            int num_threads) const {
    check_num_threads(num_threads);
    CallArrays arrays;
    const Shape shape = shape_of_array(token_ids, "token_ids", 2);
    NetworkSteps steps{};
    steps.num_steps = shape[0];
    steps.num_rows = shape[1];
    steps.token_ids = arrays.read_ids(token_ids, "token_ids", shape);
    steps.log_probs =
        arrays.write(log_probs, "log_probs", {shape[0], shape[1], network_.vocab_size()});
    run(steps, arrays, states, slots, shape[0] * shape[1], num_threads);
  }

  void generate(const ReadArray& token_ids, const std::vector<WriteArray>& states,
                const OptionalReadArray& slots,
                const std::vector<std::shared_ptr<Sampler>>& samplers, const ReadArray& uniforms,
                const OptionalWriteArray& seen, const WriteArray& drawn_ids,
                const WriteArray& drawn_log_probs, const OptionalWriteArray& log_probs,
                int num_threads) const {
    check_num_threads(num_threads);
    CallArrays arrays;
    const Shape shape = shape_of_array(uniforms, "uniforms", 2);
    const std::ptrdiff_t num_rows = shape[0], vocab_size = network_.vocab_size();
    NetworkSteps steps{};
    steps.num_rows = num_rows;
    steps.num_steps = shape[1];
    steps.token_ids = arrays.read_ids(token_ids, "token_ids", {num_rows});
    steps.uniforms = arrays.read_doubles(uniforms, "uniforms", shape);
    steps.seen = arrays.write_marks(seen, "seen", {num_rows, vocab_size});
    steps.drawn_ids = arrays.write_ids(drawn_ids, "drawn_ids", shape);
    steps.drawn_log_probs = arrays.write(drawn_log_probs, "drawn_log_probs", shape);
    steps.log_probs = arrays.write(log_probs, "log_probs", {shape[1], num_rows, vocab_size});
    check_uniforms(steps.uniforms, num_rows * shape[1]);
    const std::vector<const Sampler*> by_row = samplers_of(samplers, num_rows, seen.has_value());
    steps.samplers = by_row.data();
    run(steps, arrays, states, slots, num_rows, num_threads);
  }

 private:
  static std::vector<NetworkLayer> layers_of(const std::vector<LayerMatrices>& matrices) {
    std::vector<NetworkLayer> layers;
    for (const auto& [input, recurrent, projection] : matrices) {
      if (recurrent == nullptr) {
        throw std::invalid_argument("a layer has no recurrent matrix; it is the second one.");
      }
      layers.push_back({input, recurrent, projection, 0, 0});
    }
    return layers;
  }

  static std::vector<OutputTail> tails_of(const std::vector<TailMatrices>& matrices) {
    std::vector<OutputTail> tails;
    for (const auto& [projection, words] : matrices) {
      if (words == nullptr) throw std::invalid_argument("a tail has no words; they are second.");
      tails.push_back({projection, words, 0});
    }
    return tails;
  }

  static TokenTable table_of(const ReadArray& tokens, bool holds_gates) {
    CallArrays arrays;
    const Element element = element_of_array(tokens, "tokens");
    const Shape shape = matrix_shape(tokens, "tokens");
    if (!holds_gates && element != Element::float32) {
      throw nb::type_error("tokens is bfloat16; vectors of tokens must be float32.");
    }
    return {arrays.read(tokens, "tokens", shape, element), element, shape[0], shape[1],
            holds_gates};
  }

  static void check_uniforms(const double* uniforms, std::ptrdiff_t count) {
    for (std::ptrdiff_t at = 0; at < count; ++at) {
      if (uniforms[at] >= 0.0 && uniforms[at] < 1.0) continue;
      throw std::invalid_argument("uniforms has " + std::to_string(uniforms[at]) +
                                  "; all must be at least 0 and below 1.");
    }
  }

  // The sampler of each row; a single one is that of all rows.
  std::vector<const Sampler*> samplers_of(const std::vector<std::shared_ptr<Sampler>>& samplers,
                                          std::ptrdiff_t num_rows, bool has_seen) const {
    const auto count = static_cast<std::ptrdiff_t>(samplers.size());
    if (count != num_rows && count != 1) {
      throw std::invalid_argument("there are " + std::to_string(count) + " samplers for " +
                                  std::to_string(num_rows) + " rows; one each or one is needed.");
    }
    for (const auto& sampler : samplers) {
      if (sampler == nullptr) throw std::invalid_argument("a sampler is None.");
      if (sampler->vocab_size != network_.vocab_size()) {
        throw std::invalid_argument("a sampler has " + std::to_string(sampler->vocab_size) +
                                    " tokens; the network has " +
                                    std::to_string(network_.vocab_size()) + ".");
      }
      if (sampler->repetition_penalty != 1.0f && !has_seen) {
        throw std::invalid_argument("seen is None; a repetition penalty needs it.");
      }
    }
    std::vector<const Sampler*> by_row;
    for (std::ptrdiff_t row = 0; row < num_rows; ++row) {
      by_row.push_back(samplers[count == 1 ? 0 : row].get());
    }
    return by_row;
  }

  // Checks the arrays that both calls have, and runs the steps.
  void run(NetworkSteps& steps, CallArrays& arrays, const std::vector<WriteArray>& states,
           const OptionalReadArray& slots, std::ptrdiff_t num_ids, int num_threads) const {
    steps.network = &network_;
    steps.slots = arrays.read_ids(slots, "slots", {steps.num_rows});
    const std::vector<float*> parts = parts_of_states(arrays, states, slots, steps.num_rows);
    steps.parts = parts.data();
    arrays.finish();
    check_ids(steps.token_ids, num_ids, network_.vocab_size(), "token_ids");
    if (steps.num_rows == 0 || steps.num_steps == 0) return;
    const nb::gil_scoped_release released;
    const std::ptrdiff_t window = window_of(steps);
    Workspace workspace =
        network_.borrow(StepMemory(network_, steps.num_rows, window, nullptr).num_bytes);
    const StepMemory memory(network_, steps.num_rows, window, workspace.memory.get());
    steps.memory = &memory;
    const auto kernel = kernels().run_steps;
    run_on_team(num_threads, [&](Member member) { kernel(steps, member); });
    network_.give_back(std::move(workspace));
  }

  // The number of steps that are read together: 1 if each step reads what the one before drew.
  static std::ptrdiff_t window_of(const NetworkSteps& steps) {
    constexpr std::ptrdiff_t kMostPlaces = 64;
    if (steps.samplers != nullptr) return 1;
    const std::ptrdiff_t most = std::max<std::ptrdiff_t>(1, kMostPlaces / steps.num_rows);
    return std::min(steps.num_steps, most);
  }

  std::vector<float*> parts_of_states(CallArrays& arrays, const std::vector<WriteArray>& states,
                                      const OptionalReadArray& slots,
                                      std::ptrdiff_t num_rows) const {
    const int num_parts = parts_of(network_.cell());
    const std::size_t expected = network_.layers().size() * static_cast<std::size_t>(num_parts);
    if (states.size() != expected) {
      throw std::invalid_argument("there are " + std::to_string(states.size()) +
                                  " states; the network has " + std::to_string(expected) + ".");
    }
    const std::ptrdiff_t num_slots =
        slots ? shape_of_array(ReadArray(states[0]), "states", 2)[0] : num_rows;
    std::vector<float*> parts;
    for (std::size_t index = 0; index < states.size(); ++index) {
      const NetworkLayer& layer = network_.layers()[index / num_parts];
      const bool is_output = index % num_parts == 0;
      const Shape shape{num_slots, is_output ? layer.output_size : layer.hidden_size};
      parts.push_back(arrays.write(states[index], "states", shape));
    }
    if (slots) check_slots(slots, num_slots);
    return parts;
  }

  static void check_slots(const OptionalReadArray& slots, std::ptrdiff_t num_slots) {
    const auto* data = static_cast<const int64_t*>(slots->data());
    const auto count = static_cast<std::ptrdiff_t>(slots->size());
    check_ids(data, count, num_slots, "slots");
    std::vector<int64_t> sorted(data, data + count);
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice == sorted.end()) return;
    throw std::invalid_argument("slots has " + std::to_string(*twice) +
                                " twice; each row needs a slot of its own.");
  }

  ReadArray tokens_;
  Network network_;
};

}  // namespace

void bind_generator(nb::module_& module) {
  nb::class_<PackedRows>(module, "PackedRows")
      .def_prop_ro("shape",
                   [](const PackedRows& rows) {
                     return std::make_tuple(rows.num_rows(), rows.num_columns());
                   })
      .def_prop_ro("precision", [](const PackedRows& rows) { return name_of(rows.element()); })
      .def_prop_ro("num_bytes", &PackedRows::num_bytes);
  nb::class_<Sampler>(module, "Sampler")
      .def(nb::new_(&make_sampler), nb::kw_only(), "vocab_size"_a, "temperature"_a = 1.0,
           "top_k"_a = 0, "min_p"_a = 0.0, "top_p"_a = 1.0, "typical_p"_a = 1.0,
           "repetition_penalty"_a = 1.0, "banned_ids"_a = nb::none())
      .def_prop_ro("typical_p", [](const Sampler& sampler) { return sampler.typical_p; })
      .def_prop_ro("repetition_penalty",
                   [](const Sampler& sampler) { return sampler.repetition_penalty; });
  nb::class_<BoundNetwork>(module, "RecurrentNetwork")
      .def(nb::init<const std::string&, const std::vector<LayerMatrices>&, const ReadArray&, bool,
                    const SharedRows&, const std::vector<TailMatrices>&, bool>(),
           "cell"_a, nb::kw_only(), "layers"_a, "tokens"_a, "holds_gates"_a, "output"_a,
           "tails"_a = std::vector<TailMatrices>(), "residual"_a = false)
      .def_prop_ro("cell",
                   [](const BoundNetwork& bound) { return name_of(bound.network().cell()); })
      .def_prop_ro("vocab_size",
                   [](const BoundNetwork& bound) { return bound.network().vocab_size(); })
      .def_prop_ro("num_tails", [](const BoundNetwork& bound) {
        return bound.network().tails().size();
      })
      .def_prop_ro("precision",
                   [](const BoundNetwork& bound) { return name_of(bound.network().element()); })
      .def_prop_ro("num_bytes",
                   [](const BoundNetwork& bound) { return bound.network().num_bytes(); })
      .def("read", &BoundNetwork::read, "token_ids"_a, nb::kw_only(), "states"_a,
           "slots"_a = nb::none(), "log_probs"_a = nb::none(), "num_threads"_a)
      .def("generate", &BoundNetwork::generate, "token_ids"_a, nb::kw_only(), "states"_a,
           "slots"_a = nb::none(), "samplers"_a, "uniforms"_a, "seen"_a = nb::none(), "drawn_ids"_a,
           "drawn_log_probs"_a, "log_probs"_a = nb::none(), "num_threads"_a);
  module.def("pack_rows", pack_rows, "weights"_a, nb::kw_only(), "bias"_a = nb::none(),
             "precision"_a);
  module.def("pack_codes", pack_codes, "codes"_a, nb::kw_only(), "scales"_a, "bias"_a = nb::none());
}

}  // namespace nextword
