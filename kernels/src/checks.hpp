// Checks of the arrays that Python passes: dtype, device, shape, layout and overlap. Kernels rely
// on them.
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

// The dtype of an array that may be float32 or bfloat16. Throws nanobind::type_error.
Element element_of_array(const ReadArray& array, const char* name);

// Whether an array that may be float32 or float64 is float64. Throws nanobind::type_error.
bool is_float64_array(const ReadArray& array, const char* name);

// The shape of an array with a given number of axes. Throws std::invalid_argument.
Shape shape_of_array(const ReadArray& array, const char* name, std::size_t num_axes);

// Throws std::invalid_argument if the number is not in [1, kMaxThreads].
void check_num_threads(int num_threads);

// The arrays of one call. The methods for reading and writing return a checked pointer (null for an
// empty optional) and record its memory. `finish` throws if an array that is written overlaps
// another one.
class CallArrays {
 public:
  const float* read(const ReadArray& array, const char* name, const Shape& shape);
  const float* read(const OptionalReadArray& array, const char* name, const Shape& shape);
  const int64_t* read_ids(const ReadArray& array, const char* name, const Shape& shape);
  const int64_t* read_ids(const OptionalReadArray& array, const char* name, const Shape& shape);
  const void* read(const ReadArray& array, const char* name, const Shape& shape, Element element);
  const void* read(const OptionalReadArray& array, const char* name, const Shape& shape,
                   Element element);
  // Stored gates for operands of a dtype: float32, or int16 for Fixed16.
  const void* read_gates(const ReadArray& array, const char* name, const Shape& shape,
                         Element element);
  void* write_gates(const OptionalWriteArray& array, const char* name, const Shape& shape,
                    Element element);
  float* write(const WriteArray& array, const char* name, const Shape& shape);
  float* write(const OptionalWriteArray& array, const char* name, const Shape& shape);
  void* write(const WriteArray& array, const char* name, const Shape& shape, Element element);

  const int8_t* read_codes(const ReadArray& array, const char* name, const Shape& shape);
  const double* read_doubles(const ReadArray& array, const char* name, const Shape& shape);
  // float32, or float64.
  const void* read_reals(const ReadArray& array, const char* name, const Shape& shape,
                         bool is_float64);
  void* write_reals(const WriteArray& array, const char* name, const Shape& shape, bool is_float64);
  int64_t* write_ids(const WriteArray& array, const char* name, const Shape& shape);
  uint8_t* write_marks(const OptionalWriteArray& array, const char* name, const Shape& shape);

  // The two arrays of a pair in `same` may be identical. Throws std::invalid_argument.
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

// Throws nanobind::index_error if an id is not in [0, limit).
void check_ids(const int64_t* ids, std::ptrdiff_t num_ids, std::ptrdiff_t limit, const char* name);

}  // namespace nextword
