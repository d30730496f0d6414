// The parts of the extension module.
#pragma once

#include <nanobind/nanobind.h>

namespace nextword {

void bind_diagonal(nanobind::module_& module);
void bind_generator(nanobind::module_& module);
void bind_layers(nanobind::module_& module);
void bind_ngrams(nanobind::module_& module);
void bind_operations(nanobind::module_& module);

}  // namespace nextword
