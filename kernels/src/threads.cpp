// Runs teams on shared OpenMP threads, or else on a thread pool whose workers spin for a moment
// after a kernel and then sleep. A forked child creates a new pool.
#include "threads.hpp"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "openmp.hpp"
#include "spinning.hpp"

namespace nextword {

namespace {

struct Job {
  Task task;
  const void* context;
  Member member;
  std::atomic<int>* num_running;
};

// One thread with a slot for one job. The caller waits for `num_running` before it posts again.
class Worker {
 public:
  Worker() {
    std::thread([this] { work(); }).detach();
  }

  void post(const Job& job) {
    bool is_asleep;
    {
      // Under the lock, a worker either still checks for a job before it sleeps, or sleeps already.
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = job;
      has_job_.store(true, std::memory_order_release);
      is_asleep = is_asleep_;
    }
    if (is_asleep) wake_.notify_one();
  }

 private:
  [[noreturn]] void work() {
    for (;;) {
      await_job();
      const Job job = job_;
      has_job_.store(false, std::memory_order_relaxed);
      job.task(job.context, job.member);
      job.num_running->fetch_sub(1, std::memory_order_release);
    }
  }

  void await_job() {
    // About 20 microseconds: the next kernel usually follows soon, but the threads of other
    // libraries need the core in between.
    constexpr int kSpins = 1000;
    for (int spin = 0; spin < kSpins; ++spin) {
      if (has_job_.load(std::memory_order_acquire)) return;
      relax();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    is_asleep_ = true;
    wake_.wait(lock, [&] { return has_job_.load(std::memory_order_acquire); });
    is_asleep_ = false;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_asleep_ = false;
  Job job_{};
  alignas(64) std::atomic<bool> has_job_{false};
};

class Pool {
 public:
  void run(int num_threads, Task task, const void* context) {
    // One team at a time: two teams of spinning threads would starve each other.
    const std::lock_guard<std::mutex> turn(turn_);
    if (run_on_openmp(num_threads, task, context)) return;
    while (static_cast<int>(workers_.size()) < num_threads - 1) {
      workers_.push_back(std::make_unique<Worker>());
    }
    SpinBarrier barrier(num_threads);
    std::atomic<int> num_running{num_threads - 1};
    for (int rank = 1; rank < num_threads; ++rank) {
      workers_[rank - 1]->post({task, context, {rank, num_threads, &barrier}, &num_running});
    }
    task(context, {0, num_threads, &barrier});
    spin_until([&] { return num_running.load(std::memory_order_acquire) == 0; });
  }

 private:
  std::mutex turn_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

std::atomic<Pool*> current_pool{nullptr};

// A forked child has none of its parent's threads, and locks may be held, so it creates a new pool.
// The parent's pool is never used or freed in the child.
void forget_pool() {
  current_pool.store(nullptr, std::memory_order_relaxed);
  forget_openmp();
}

// Never destroyed: joining its threads could block the exit of the process.
Pool& pool() {
  Pool* existing = current_pool.load(std::memory_order_acquire);
  if (existing != nullptr) return *existing;
  static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
  static_cast<void>(registered);
  auto made = std::make_unique<Pool>();
  if (current_pool.compare_exchange_strong(existing, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *existing;
}

}  // namespace

void run_task(int num_threads, Task task, const void* context) {
  if (num_threads == 1) {
    SpinBarrier barrier(1);
    task(context, {0, 1, &barrier});
    return;
  }
  pool().run(num_threads, task, context);
}

}  // namespace nextword
