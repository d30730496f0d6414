#include "openmp.hpp"

#include <dlfcn.h>

#include <atomic>
#include <stdexcept>

namespace nextword {

namespace {

// The functions of GNU's OpenMP that compilers call for `#pragma omp parallel`.
struct Entries {
  void (*parallel)(void (*function)(void*), void* data, unsigned num_threads, unsigned flags);
  int (*rank)();
  int (*size)();
};

// Never unloaded, because a team may be using it.
std::atomic<const Entries*> shared_entries{nullptr};

struct Job {
  const Entries* entries;
  int num_threads;
  Task task;
  const void* context;
  SpinBarrier* barrier;
};

void run_member(void* data) {
  const Job& job = *static_cast<const Job*>(data);
  const int rank = job.entries->rank();
  if (job.entries->size() == job.num_threads) {
    job.task(job.context, {rank, job.num_threads, job.barrier});
  } else if (rank == 0) {
    // The library may start fewer threads than requested; then one thread does all the work.
    SpinBarrier barrier(1);
    job.task(job.context, {0, 1, &barrier});
  }
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

void share_openmp(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) {
    throw std::invalid_argument("'" + path + "' is not a library that this process has loaded.");
  }
  Entries entries;
  if (!find(library, "GOMP_parallel", entries.parallel) ||
      !find(library, "omp_get_thread_num", entries.rank) ||
      !find(library, "omp_get_num_threads", entries.size)) {
    dlclose(library);
    throw std::invalid_argument("'" + path + "' has not the entries of GNU's OpenMP.");
  }
  shared_entries.store(new Entries(entries), std::memory_order_release);
}

void forget_openmp() { shared_entries.store(nullptr, std::memory_order_relaxed); }

bool run_on_openmp(int num_threads, Task task, const void* context) {
  const Entries* entries = shared_entries.load(std::memory_order_acquire);
  if (entries == nullptr) return false;
  SpinBarrier barrier(num_threads);
  Job job{entries, num_threads, task, context, &barrier};
  entries->parallel(run_member, &job, static_cast<unsigned>(num_threads), 0);
  return true;
}

}  // namespace nextword
