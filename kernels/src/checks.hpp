// What stands between Python and the kernels: number format, device, shape, layout and overlap of
// every array. After these checks a kernel may trust its pointers.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "elements.hpp"

namespace nextword {

using ReadArray = nanobind::ndarray<nanobind::ro>;
using WriteArray = nanobind::ndarray<>;
using OptionalReadArray = std::optional<ReadArray>;
using OptionalWriteArray = std::optional<WriteArray>;

using Shape = std::vector<std::ptrdiff_t>;

// The number format of an array that may be float32 or bfloat16. Throws nanobind::type_error.
Element element_of_array(const ReadArray& array, const char* name);

// An array's shape, of a given number of axes. Throws std::invalid_argument.
Shape shape_of_array(const ReadArray& array, const char* name, std::size_t num_axes);

// Throws std::invalid_argument where the number is not in [1, kMaxThreads].
void check_num_threads(int num_threads);

// The arrays of one call. Reading and writing give a checked pointer (null for an empty optional)
// and remember its memory; `finish` refuses arrays that overlap where one of them is written.
class CallArrays {
 public:
  const float* read(const ReadArray& array, const char* name, const Shape& shape);
  const float* read(const OptionalReadArray& array, const char* name, const Shape& shape);
  const int64_t* read_ids(const ReadArray& array, const char* name, const Shape& shape);
  const int64_t* read_ids(const OptionalReadArray& array, const char* name, const Shape& shape);
  const void* read(const ReadArray& array, const char* name, const Shape& shape, Element element);
  const void* read(const OptionalReadArray& array, const char* name, const Shape& shape,
                   Element element);
  // Activated gates beside operands of that number format: float32, or int16 for Fixed16.
  const void* read_gates(const ReadArray& array, const char* name, const Shape& shape,
                         Element element);
  void* write_gates(const OptionalWriteArray& array, const char* name, const Shape& shape,
                    Element element);
  float* write(const WriteArray& array, const char* name, const Shape& shape);
  float* write(const OptionalWriteArray& array, const char* name, const Shape& shape);
  void* write(const WriteArray& array, const char* name, const Shape& shape, Element element);

  // Pairs of names in `same` may be one and the same array; otherwise std::invalid_argument.
  void finish(std::initializer_list<std::pair<const char*, const char*>> same = {}) const;

 private:
  struct Extent {
    const std::byte* begin;
    const std::byte* end;
    const char* name;
    bool is_written;
  };

  void* add(const ReadArray& array, const char* name, const Shape& shape,
            nanobind::dlpack::dtype type, bool is_written);

  std::vector<Extent> extents_;
};

// Throws nanobind::index_error where an id is not in [0, limit).
void check_ids(const int64_t* ids, std::ptrdiff_t num_ids, std::ptrdiff_t limit, const char* name);

}  // namespace nextword
