// Softmax cross-entropy, one row at a time, so that the row stays in the cache. Backward overwrites
// the logits with their gradients.
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

// A row of logits with the bias added.
template <class Number>
struct Row {
  const Number* logits;
  const float* bias;

  Floats at(std::ptrdiff_t first, int count) const {
    const Floats scores = load(logits + first, count);
    return bias != nullptr ? scores + load(bias + first, count) : scores;
  }
};

template <class Number>
float largest_of(const Row<Number>& row, std::ptrdiff_t size) {
  Floats largest = splat(-__builtin_inff());
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    Floats values = row.at(at, count);
    if (count < kLanes) {
      for (int lane = count; lane < kLanes; ++lane) values[lane] = -__builtin_inff();
    }
    largest = larger(largest, values);
  });
  return largest_lane(largest);
}

template <class Number>
float sum_of_exponentials(const Row<Number>& row, std::ptrdiff_t size, float largest) {
  Floats sums = {};
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    Floats powers = exponential(row.at(at, count) - largest);
    for (int lane = count; lane < kLanes; ++lane) powers[lane] = 0;
    sums += powers;
  });
  return sum_of_lanes(sums);
}

template <class Number>
void forward(const CrossEntropyForward& args, Member member) {
  const std::ptrdiff_t size = args.vocab_size;
  const auto rows = member.share_of(args.num_rows);
  for (std::ptrdiff_t index = rows.begin; index < rows.end; ++index) {
    const Row<Number> row{static_cast<const Number*>(args.logits) + index * size, args.bias};
    const float largest = largest_of(row, size);
    const float log_sum = __builtin_logf(sum_of_exponentials(row, size, largest));
    // Subtract the two large numbers first: their difference is exact if they are close.
    args.nll[index] = log_sum + (largest - row.at(args.target_ids[index], 1)[0]);
    if (args.log_sums != nullptr) args.log_sums[index] = log_sum + largest;
  }
}

// The gradient of a logit is the row's gradient times the probability exp(logit - log_sum); for the
// target, the row's gradient is subtracted.
template <class Number>
void overwrite_by_gradients(const Row<Number>& row, Number* gradients, std::ptrdiff_t size,
                            int64_t target_id, float log_sum, float row_gradient,
                            float* bias_sums) {
  const float target_gradient =
      (exponential(splat(row.at(target_id, 1)[0] - log_sum))[0] - 1.0f) * row_gradient;
  if (bias_sums != nullptr) bias_sums[target_id] -= row_gradient;
  for_each_vector(size, [&](std::ptrdiff_t at, int count) {
    const Floats products = exponential(row.at(at, count) - log_sum) * row_gradient;
    store(gradients + at, products, count);
    if (bias_sums != nullptr) add(bias_sums + at, products, count);
  });
  store(gradients + target_id, splat(target_gradient), 1);
}

template <class Number>
void backward(const CrossEntropyBackward& args, Member member) {
  const std::ptrdiff_t size = args.vocab_size;
  float* bias_sums =
      args.grad_bias != nullptr ? args.partial_sums + member.rank * size : nullptr;
  const auto rows = member.share_of(args.num_rows);
  for (std::ptrdiff_t index = rows.begin; index < rows.end; ++index) {
    auto* logits = static_cast<Number*>(args.logits) + index * size;
    overwrite_by_gradients(Row<Number>{logits, args.bias}, logits, size, args.target_ids[index],
                           args.log_sums[index], args.row_gradients[index], bias_sums);
  }
  if (bias_sums == nullptr) return;
  // Each thread adds the partial sums of some columns, always in the same order.
  member.barrier->wait();
  const auto columns = member.share_of(size);
  for (std::ptrdiff_t column = columns.begin; column < columns.end; ++column) {
    float sum = 0;
    for (int rank = 0; rank < member.size; ++rank) sum += args.partial_sums[rank * size + column];
    args.grad_bias[column] = sum;
  }
}

}  // namespace

void cross_entropy_forward(const CrossEntropyForward& args, Member member) {
  args.element == Element::float32 ? forward<float>(args, member) : forward<Bfloat16>(args, member);
}

void cross_entropy_backward(const CrossEntropyBackward& args, Member member) {
  args.element == Element::float32 ? backward<float>(args, member)
                                   : backward<Bfloat16>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
