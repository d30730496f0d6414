// Rows of an embedding matrix: gathered forward, added up backward.
#include "kernel_table.hpp"
#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

namespace {

template <class Number>
void gather(const EmbeddingGather& args, Member member) {
  const std::ptrdiff_t size = args.embedding_size;
  const auto ids = member.share_of(args.num_ids);
  for (std::ptrdiff_t index = ids.begin; index < ids.end; ++index) {
    const float* source = args.weights + args.token_ids[index] * size;
    auto* target = static_cast<Number*>(args.embeddings) + index * size;
    std::ptrdiff_t at = 0;
    for (; at + kLanes <= size; at += kLanes) store(target + at, load(source + at));
    if (at < size) {
      const int count = static_cast<int>(size - at);
      store(target + at, load(source + at, count), count);
    }
  }
}

// Each member adds some columns of every row, in the order of the ids: the sums are the same for
// any number of threads, and no two members write to one place.
template <class Number>
void scatter(const EmbeddingScatter& args, Member member) {
  const std::ptrdiff_t size = args.embedding_size;
  const auto blocks = member.share_of(divide_up(size, kPanel));
  const std::ptrdiff_t begin = blocks.begin * kPanel;
  const std::ptrdiff_t end = blocks.end * kPanel < size ? blocks.end * kPanel : size;
  for (std::ptrdiff_t index = 0; index < args.num_ids; ++index) {
    const auto* source = static_cast<const Number*>(args.grad_embeddings) + index * size;
    float* target = args.grad_weights + args.token_ids[index] * size;
    for (std::ptrdiff_t at = begin; at < end; at += kLanes) {
      const int count = static_cast<int>(end - at < kLanes ? end - at : kLanes);
      add(target + at, load(source + at, count), count);
    }
  }
}

}  // namespace

void embedding_gather(const EmbeddingGather& args, Member member) {
  args.element == Element::float32 ? gather<float>(args, member) : gather<Bfloat16>(args, member);
}

void embedding_scatter(const EmbeddingScatter& args, Member member) {
  args.element == Element::float32 ? scatter<float>(args, member) : scatter<Bfloat16>(args, member);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
