// Which instruction sets this processor has, and which one is used.
#pragma once

#include <string>
#include <vector>

#include "kernel_table.hpp"

namespace nextword {

// Names of the usable instruction sets, best first; the last one is `portable`.
std::vector<std::string> usable_instruction_sets();

// The name of the instruction set in use.
std::string current_instruction_set();

// Uses a named instruction set from now on. Throws std::invalid_argument where it is not usable.
void use_instruction_set(const std::string& name);

// The kernels of the instruction set in use.
const KernelTable& kernels();

}  // namespace nextword
