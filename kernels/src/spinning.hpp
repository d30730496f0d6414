// Busy-waiting for a few microseconds.
#pragma once

#include <sched.h>

namespace nextword {

// Tells the core that this is a spin loop.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `done()` is true: spins for some microseconds, then yields the core to other threads
// in each iteration, so that a team with more threads than cores makes progress.
template <class Done>
void spin_until(Done&& done) {
  constexpr int kSpins = 2000;
  for (int spin = 0; spin < kSpins; ++spin) {
    if (done()) return;
    relax();
  }
  while (!done()) sched_yield();
}

}  // namespace nextword
