#include "packing.hpp"

#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "instruction_sets.hpp"

namespace nextword {

Memory allocate(std::size_t num_bytes) {
  // Large pages make reading from the beginning to the end faster; they are a wish, not a need.
  constexpr std::size_t kCacheLine = 64, kLargePage = std::size_t{1} << 21;
  const std::size_t unit = num_bytes >= kLargePage ? kLargePage : kCacheLine;
  const std::size_t whole = (num_bytes / unit + 1) * unit;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(unit, whole));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  if (unit == kLargePage) madvise(memory, whole, MADV_HUGEPAGE);
#endif
  return Memory(memory);
}

PackedMatrix::PackedMatrix(const float* weights, std::ptrdiff_t hidden_size, int num_gates,
                           Element element, int num_threads)
    : hidden_size_(hidden_size),
      num_gates_(num_gates),
      element_(element),
      forward_(allocate(static_cast<std::size_t>(num_panels() * forward_panel_bytes()))),
      backward_(allocate(static_cast<std::size_t>(num_panels() * backward_panel_bytes()))) {
  const PackArguments args{element, hidden_size,    num_gates,
                           weights, forward_.get(), backward_.get()};
  const auto kernel = kernels().pack;
  run_on_team(num_threads, [&](Member member) { kernel(args, member); });
}

}  // namespace nextword
