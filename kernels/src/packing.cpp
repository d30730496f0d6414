#include "packing.hpp"

#include <new>

#include "instruction_sets.hpp"

namespace nextword {

Memory allocate(std::size_t num_bytes) {
  constexpr std::size_t kCacheLine = 64;
  const std::size_t whole_lines = (num_bytes / kCacheLine + 1) * kCacheLine;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kCacheLine, whole_lines));
  if (memory == nullptr) throw std::bad_alloc();
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
