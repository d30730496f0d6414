// Softmax cross-entropy, with the logits overwritten by their gradients: one row at a time, while
// it is in the nearest cache.
#include "activations.hpp"
#include "kernel_table.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

// Calls `function(at, count)` for every vector of a row; `count` is below kLanes at its end.
template <class Function>
inline void for_each_vector(std::ptrdiff_t size, Function&& function) {
  std::ptrdiff_t at = 0;
  for (; at + kLanes <= size; at += kLanes) function(at, kLanes);
  if (at < size) function(at, static_cast<int>(size - at));
}

template <class Number>
float largest_of(const Number* row, std::ptrdiff_t size) {
  Floats largest = splat(-__builtin_inff());
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    Floats values = load(row + at, count);
    if (count < kLanes) {
      for (int lane = count; lane < kLanes; ++lane) values[lane] = -__builtin_inff();
    }
    // A NaN is not below anything and is taken; once taken, nothing replaces it.
    largest = values <= largest ? largest : (largest == largest ? values : largest);
  });
  return largest_lane(largest);
}

template <class Number>
float sum_of_exponentials(const Number* row, std::ptrdiff_t size, float largest) {
  Floats sums = {};
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    Floats powers = exponential(load(row + at, count) - largest);
    for (int lane = count; lane < kLanes; ++lane) powers[lane] = 0;
    sums += powers;
  });
  return sum_of_lanes(sums);
}

template <class Number>
void overwrite_by_gradients(Number* row, std::ptrdiff_t size, int64_t target_id, float largest,
                            float sum, float row_gradient, float* bias_sums) {
  const float scale = row_gradient / sum;
  const float target_logit = load(row + target_id, 1)[0];
  const float target_gradient =
      exponential(splat(target_logit - largest))[0] * scale - row_gradient;
  if (bias_sums != nullptr) bias_sums[target_id] -= row_gradient;
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    const Floats gradients = exponential(load(row + at, count) - largest) * scale;
    store(row + at, gradients, count);
    if (bias_sums != nullptr) add(bias_sums + at, gradients, count);
  });
  store(row + target_id, splat(target_gradient), 1);
}

template <class Number>
void run(const CrossEntropy& args, Member member) {
  const std::ptrdiff_t size = args.vocab_size;
  const bool sums_bias = args.grad_bias != nullptr && args.row_gradients != nullptr;
  float* bias_sums = sums_bias ? args.partial_sums + member.rank * size : nullptr;
  const auto rows = member.share_of(args.num_rows);
  for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
    auto* logits = static_cast<Number*>(args.logits) + row * size;
    const int64_t target_id = args.target_ids[row];
    const float largest = largest_of(logits, size);
    const float sum = sum_of_exponentials(logits, size, largest);
    args.nll[row] = __builtin_logf(sum) + (largest - load(logits + target_id, 1)[0]);
    if (args.row_gradients != nullptr) {
      overwrite_by_gradients(logits, size, target_id, largest, sum, args.row_gradients[row],
                             bias_sums);
    }
  }
  if (!sums_bias) return;
  // Each member adds up the others' sums of some columns, always in the same order.
  member.barrier->wait();
  const auto columns = member.share_of(size);
  for (std::ptrdiff_t column = columns.begin; column < columns.end; ++column) {
    float sum = 0;
    for (int rank = 0; rank < member.size; ++rank) sum += args.partial_sums[rank * size + column];
    args.grad_bias[column] = sum;
  }
}

}  // namespace

void cross_entropy(const CrossEntropy& args, Member member) {
  args.element == Element::float32 ? run<float>(args, member) : run<Bfloat16>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
