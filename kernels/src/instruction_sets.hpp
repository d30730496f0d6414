// The instruction sets that this processor supports, and the one in use.
#pragma once

#include <string>
#include <vector>

#include "kernel_table.hpp"

namespace nextword {

// Names of the usable instruction sets, best first; the last one is `portable`.
std::vector<std::string> usable_instruction_sets();

// The name of the instruction set in use.
std::string current_instruction_set();

// Selects the instruction set of all later calls. Throws std::invalid_argument if it is not usable.
void use_instruction_set(const std::string& name);

// The kernels of the instruction set in use.
const KernelTable& kernels();

}  // namespace nextword
