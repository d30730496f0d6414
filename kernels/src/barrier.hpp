// A barrier for a small team of threads that synchronizes many thousand times a second.
// docs/packing-and-barrier.md explains why its memory orders are sufficient.
#pragma once

#include <atomic>
#include <cstddef>

namespace nextword {

// All members call `wait`; none returns before the last has called it.
class SpinBarrier {
 public:
  explicit SpinBarrier(int num_members) : num_members_(num_members) {}

  void wait();

 private:
  const int num_members_;
  // On another cache line, so that an arrival does not invalidate the line of the waiting threads.
  alignas(64) std::atomic<int> num_arrived_{0};
  alignas(64) std::atomic<unsigned> round_{0};
};

// One thread of the team that runs a kernel.
struct Member {
  int rank;
  int size;
  SpinBarrier* barrier;

  // The range [begin, end) of `count` items that this thread processes.
  struct Range {
    std::ptrdiff_t begin, end;
  };
  [[gnu::always_inline]] Range share_of(std::ptrdiff_t count) const {
    return {count * rank / size, count * (rank + 1) / size};
  }
};

}  // namespace nextword
