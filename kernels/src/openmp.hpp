// Running teams on the threads of an OpenMP library that is already loaded, such as torch's.
//
// Two thread pools on the same cores slow each other down: the threads of one still spin for work
// while those of the other compute. A program that alternates between kernels and operations of
// that library should run both on the same threads.
#pragma once

#include <string>

#include "threads.hpp"

namespace nextword {

// Uses the OpenMP library at `path` from now on, in this process and not in its children.
// Throws std::invalid_argument if the process has not loaded that file, or if the file is neither
// GNU's OpenMP nor a library with the same functions.
void share_openmp(const std::string& path);

// Stops using the OpenMP library.
void forget_openmp();

// Runs the task like `run_task` and returns true; returns false if no library is shared.
bool run_on_openmp(int num_threads, Task task, const void* context);

}  // namespace nextword
