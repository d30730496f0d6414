// The threads that kernels run on.
#pragma once

#include "barrier.hpp"

namespace nextword {

inline constexpr int kMaxThreads = 256;

using Task = void (*)(const void* context, Member member);

// Runs a task on a team of `num_threads`, including the caller, and returns when all are done.
// Calls from several threads are serialized. Tasks must not throw.
void run_task(int num_threads, Task task, const void* context);

template <class Function>
void run_on_team(int num_threads, const Function& function) {
  run_task(
      num_threads,
      [](const void* context, Member member) { (*static_cast<const Function*>(context))(member); },
      &function);
}

}  // namespace nextword
