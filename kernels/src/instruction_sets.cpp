#include "instruction_sets.hpp"

#include <atomic>
#include <stdexcept>
#if defined(NEXTWORD_AMX)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace nextword {

namespace portable {
extern const KernelTable kKernels;
}
#if defined(NEXTWORD_X86)
namespace avx2 {
extern const KernelTable kKernels;
}
namespace avx512 {
extern const KernelTable kKernels;
}
namespace avx512_bf16 {
extern const KernelTable kKernels;
}
#endif
#if defined(NEXTWORD_AMX)
namespace amx {
extern const KernelTable kKernels;
}
#endif

namespace {

#if defined(NEXTWORD_AMX)
// Asks the kernel for the tile registers, which it gives to a process once and for all.
bool has_tiles() {
  if (!__builtin_cpu_supports("amx-tile") || !__builtin_cpu_supports("amx-bf16") ||
      !__builtin_cpu_supports("amx-int8")) {
    return false;
  }
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

struct InstructionSet {
  const char* name;
  bool is_usable;
  const KernelTable* kernels;
};

const std::vector<InstructionSet>& instruction_sets() {
  static const std::vector<InstructionSet> sets = [] {
    std::vector<InstructionSet> found;
#if defined(NEXTWORD_X86)
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 =
        has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    // Every processor with the first has the second too; the kernels use both.
    const bool has_bf16 = has_avx512 && __builtin_cpu_supports("avx512bf16") &&
                          __builtin_cpu_supports("avx512vnni");
#if defined(NEXTWORD_AMX)
    found.push_back({"amx", has_bf16 && has_tiles(), &amx::kKernels});
#endif
    found.push_back({"avx512_bf16", has_bf16, &avx512_bf16::kKernels});
    found.push_back({"avx512", has_avx512, &avx512::kKernels});
    found.push_back({"avx2", has_avx2, &avx2::kKernels});
#endif
    found.push_back({"portable", true, &portable::kKernels});
    return found;
  }();
  return sets;
}

const InstructionSet& best_instruction_set() {
  const auto& sets = instruction_sets();
  std::size_t index = 0;
  while (!sets[index].is_usable) ++index;
  return sets[index];
}

std::atomic<const InstructionSet*>& current() {
  static std::atomic<const InstructionSet*> set{&best_instruction_set()};
  return set;
}

}  // namespace

std::vector<std::string> usable_instruction_sets() {
  std::vector<std::string> names;
  for (const InstructionSet& set : instruction_sets()) {
    if (set.is_usable) names.emplace_back(set.name);
  }
  return names;
}

std::string current_instruction_set() { return current().load()->name; }

void use_instruction_set(const std::string& name) {
  for (const InstructionSet& set : instruction_sets()) {
    if (set.is_usable && name == set.name) {
      current().store(&set);
      return;
    }
  }
  std::string usable;
  for (const std::string& other : usable_instruction_sets()) usable += " " + other;
  throw std::invalid_argument("instruction set '" + name +
                              "' is not usable here; usable are:" + usable + ".");
}

const KernelTable& kernels() { return *current().load()->kernels; }

}  // namespace nextword
