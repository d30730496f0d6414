// Running teams on the OpenMP threads of a library that is loaded already, such as torch's.
//
// Threads of two pools on the same cores disturb each other: those of the one still spin, waiting
// for work, while those of the other have some. Whoever calls kernels between that library's own
// operations had better let both run on the same threads.
#pragma once

#include <string>

#include "threads.hpp"

namespace nextword {

// Uses the OpenMP library at `path` from now on, in this process and not in its children.
// Throws std::invalid_argument where the process has not loaded that file, or where the file is not
// GNU's OpenMP or one that offers the same entries.
void share_openmp(const std::string& path);

// Gives up sharing.
void forget_openmp();

// Runs the task as `run_task` does and gives true; gives false where no library is shared.
bool run_on_openmp(int num_threads, Task task, const void* context);

}  // namespace nextword
