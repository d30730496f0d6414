// The extension module `nextword_kernels._native`.
#include "bindings.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "checks.hpp"
#include "instruction_sets.hpp"
#include "openmp.hpp"

namespace nb = nanobind;

namespace {

// Runs many barriers. Each thread sums the values that all threads wrote before the barrier, so a
// barrier that lets a thread pass too early makes the count wrong.
int64_t count_barrier_failures(int num_threads, int num_rounds) {
  nextword::check_num_threads(num_threads);
  std::vector<int64_t> written(static_cast<std::size_t>(num_threads) * 2, -1);
  std::vector<int64_t> failures(static_cast<std::size_t>(num_threads), 0);
  const nb::gil_scoped_release released;
  nextword::run_on_team(num_threads, [&](nextword::Member member) {
    for (int round = 0; round < num_rounds; ++round) {
      int64_t* slots = written.data() + (round % 2) * member.size;
      slots[member.rank] = round;
      member.barrier->wait();
      for (int rank = 0; rank < member.size; ++rank) {
        if (slots[rank] != round) ++failures[member.rank];
      }
    }
  });
  int64_t sum = 0;
  for (const int64_t count : failures) sum += count;
  return sum;
}

}  // namespace

NB_MODULE(_native, module) {
  // Packed matrices may exist until the process ends; do not warn about leaks.
  nb::set_leak_warnings(false);
  module.doc() = "Compiled CPU kernels; see nextword_kernels.";
  module.def("instruction_sets", nextword::usable_instruction_sets);
  module.def("instruction_set", nextword::current_instruction_set);
  module.def("use_instruction_set", nextword::use_instruction_set, nb::arg("name"));
  module.def("share_openmp", nextword::share_openmp, nb::arg("path"));
  module.def("forget_openmp", nextword::forget_openmp);
  module.def("count_barrier_failures", count_barrier_failures, nb::arg("num_threads"),
             nb::arg("num_rounds"));
  nextword::bind_diagonal(module);
  nextword::bind_generator(module);
  nextword::bind_layers(module);
  nextword::bind_ngrams(module);
  nextword::bind_operations(module);
}
