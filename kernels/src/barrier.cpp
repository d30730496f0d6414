#include "barrier.hpp"

#include "spinning.hpp"

namespace nextword {

void SpinBarrier::wait() {
  if (num_members_ == 1) return;
  const unsigned round = round_.load(std::memory_order_relaxed);
  if (num_arrived_.fetch_add(1, std::memory_order_acq_rel) == num_members_ - 1) {
    num_arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return;
  }
  spin_until([&] { return round_.load(std::memory_order_acquire) != round; });
}

}  // namespace nextword
