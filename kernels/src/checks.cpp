#include "checks.hpp"

#include <stdexcept>

#include "threads.hpp"

namespace nextword {

namespace nb = nanobind;

namespace {

nb::dlpack::dtype dtype_of(Element element) {
  if (element == Element::float32) return nb::dtype<float>();
  return {static_cast<uint8_t>(nb::dlpack::dtype_code::Bfloat), 16, 1};
}

nb::dlpack::dtype kept_dtype(Element element) {
  return element == Element::float32 ? nb::dtype<float>() : nb::dtype<int16_t>();
}

std::string name_of(nb::dlpack::dtype type) {
  const auto code = static_cast<nb::dlpack::dtype_code>(type.code);
  const std::string bits = std::to_string(type.bits);
  if (code == nb::dlpack::dtype_code::Int) return "int" + bits;
  if (code == nb::dlpack::dtype_code::UInt) return "uint" + bits;
  if (code == nb::dlpack::dtype_code::Float) return "float" + bits;
  if (code == nb::dlpack::dtype_code::Bfloat) return "bfloat" + bits;
  if (code == nb::dlpack::dtype_code::Complex) return "complex" + bits;
  if (code == nb::dlpack::dtype_code::Bool) return "bool";
  return "a format of its own";
}

std::string name_of(const Shape& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    text += (axis > 0 ? ", " : "") + std::to_string(shape[axis]);
  }
  return text + ")";
}

Shape shape_of(const ReadArray& array) {
  Shape shape;
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) {
    shape.push_back(static_cast<std::ptrdiff_t>(array.shape(axis)));
  }
  return shape;
}

bool is_contiguous(const ReadArray& array) {
  if (array.size() == 0) return true;
  int64_t expected = 1;
  for (std::size_t axis = array.ndim(); axis-- > 0;) {
    const auto size = static_cast<int64_t>(array.shape(axis));
    if (size != 1 && array.stride(axis) != expected) return false;
    expected *= size;
  }
  return true;
}

}  // namespace

Element element_of_array(const ReadArray& array, const char* name) {
  if (array.dtype() == dtype_of(Element::float32)) return Element::float32;
  if (array.dtype() == dtype_of(Element::bfloat16)) return Element::bfloat16;
  const std::string message =
      std::string(name) + " is " + name_of(array.dtype()) + "; it must be float32 or bfloat16.";
  throw nb::type_error(message.c_str());
}

bool is_float64_array(const ReadArray& array, const char* name) {
  if (array.dtype() == nb::dtype<float>()) return false;
  if (array.dtype() == nb::dtype<double>()) return true;
  const std::string message =
      std::string(name) + " is " + name_of(array.dtype()) + "; it must be float32 or float64.";
  throw nb::type_error(message.c_str());
}

Shape shape_of_array(const ReadArray& array, const char* name, std::size_t num_axes) {
  const Shape shape = shape_of(array);
  if (shape.size() == num_axes) return shape;
  throw std::invalid_argument(std::string(name) + " has the shape " + name_of(shape) +
                              "; it must have " + std::to_string(num_axes) + " axes.");
}

void check_num_threads(int num_threads) {
  if (num_threads >= 1 && num_threads <= kMaxThreads) return;
  throw std::invalid_argument("num_threads is " + std::to_string(num_threads) +
                              "; it must be from 1 to " + std::to_string(kMaxThreads) + ".");
}

void* CallArrays::add(const ReadArray& array, const char* name, const Shape& shape,
                      nb::dlpack::dtype type, bool is_written) {
  if (array.device_type() != nb::device::cpu::value) {
    throw std::invalid_argument(std::string(name) + " is not in the memory of the CPU.");
  }
  if (array.dtype() != type) {
    const std::string message =
        std::string(name) + " is " + name_of(array.dtype()) + "; it must be " + name_of(type) + ".";
    throw nb::type_error(message.c_str());
  }
  const Shape given = shape_of(array);
  if (given != shape) {
    throw std::invalid_argument(std::string(name) + " has the shape " + name_of(given) +
                                "; it must be " + name_of(shape) + ".");
  }
  if (!is_contiguous(array)) {
    throw std::invalid_argument(std::string(name) + " is not contiguous.");
  }
  void* data = const_cast<void*>(array.data());
  if (reinterpret_cast<uintptr_t>(data) % (type.bits / 8) != 0) {
    throw std::invalid_argument(std::string(name) + " is not aligned to its numbers.");
  }
  const auto* begin = static_cast<const std::byte*>(data);
  extents_.push_back({begin, begin + array.size() * (type.bits / 8), name, is_written});
  return data;
}

const float* CallArrays::read(const ReadArray& array, const char* name, const Shape& shape) {
  return static_cast<const float*>(add(array, name, shape, nb::dtype<float>(), false));
}

const float* CallArrays::read(const OptionalReadArray& array, const char* name,
                              const Shape& shape) {
  return array ? read(*array, name, shape) : nullptr;
}

const int64_t* CallArrays::read_ids(const ReadArray& array, const char* name, const Shape& shape) {
  return static_cast<const int64_t*>(add(array, name, shape, nb::dtype<int64_t>(), false));
}

const int64_t* CallArrays::read_ids(const OptionalReadArray& array, const char* name,
                                    const Shape& shape) {
  return array ? read_ids(*array, name, shape) : nullptr;
}

const void* CallArrays::read(const ReadArray& array, const char* name, const Shape& shape,
                             Element element) {
  return add(array, name, shape, dtype_of(element), false);
}

const void* CallArrays::read(const OptionalReadArray& array, const char* name, const Shape& shape,
                             Element element) {
  return array ? read(*array, name, shape, element) : nullptr;
}

const void* CallArrays::read_gates(const ReadArray& array, const char* name, const Shape& shape,
                                   Element element) {
  return add(array, name, shape, kept_dtype(element), false);
}

void* CallArrays::write_gates(const OptionalWriteArray& array, const char* name,
                              const Shape& shape, Element element) {
  return array ? add(ReadArray(*array), name, shape, kept_dtype(element), true) : nullptr;
}

float* CallArrays::write(const WriteArray& array, const char* name, const Shape& shape) {
  return static_cast<float*>(add(ReadArray(array), name, shape, nb::dtype<float>(), true));
}

float* CallArrays::write(const OptionalWriteArray& array, const char* name, const Shape& shape) {
  return array ? write(*array, name, shape) : nullptr;
}

void* CallArrays::write(const WriteArray& array, const char* name, const Shape& shape,
                        Element element) {
  return add(ReadArray(array), name, shape, dtype_of(element), true);
}

const int8_t* CallArrays::read_codes(const ReadArray& array, const char* name,
                                     const Shape& shape) {
  return static_cast<const int8_t*>(add(array, name, shape, nb::dtype<int8_t>(), false));
}

const double* CallArrays::read_doubles(const ReadArray& array, const char* name,
                                       const Shape& shape) {
  return static_cast<const double*>(add(array, name, shape, nb::dtype<double>(), false));
}

const void* CallArrays::read_reals(const ReadArray& array, const char* name, const Shape& shape,
                                   bool is_float64) {
  return add(array, name, shape, is_float64 ? nb::dtype<double>() : nb::dtype<float>(), false);
}

void* CallArrays::write_reals(const WriteArray& array, const char* name, const Shape& shape,
                              bool is_float64) {
  const auto type = is_float64 ? nb::dtype<double>() : nb::dtype<float>();
  return add(ReadArray(array), name, shape, type, true);
}

int64_t* CallArrays::write_ids(const WriteArray& array, const char* name, const Shape& shape) {
  return static_cast<int64_t*>(add(ReadArray(array), name, shape, nb::dtype<int64_t>(), true));
}

uint8_t* CallArrays::write_marks(const OptionalWriteArray& array, const char* name,
                                 const Shape& shape) {
  if (!array) return nullptr;
  return static_cast<uint8_t*>(add(ReadArray(*array), name, shape, nb::dtype<uint8_t>(), true));
}

void CallArrays::finish(std::initializer_list<std::pair<const char*, const char*>> same) const {
  const auto may_be_same = [&](const Extent& one, const Extent& other) {
    if (one.begin != other.begin || one.end != other.end) return false;
    for (const auto& [first, second] : same) {
      const std::string names[] = {first, second};
      if ((names[0] == one.name && names[1] == other.name) ||
          (names[1] == one.name && names[0] == other.name)) {
        return true;
      }
    }
    return false;
  };
  for (std::size_t index = 0; index < extents_.size(); ++index) {
    for (std::size_t before = 0; before < index; ++before) {
      const Extent &one = extents_[before], &other = extents_[index];
      const bool overlaps = one.begin < other.end && other.begin < one.end;
      if (overlaps && (one.is_written || other.is_written) && !may_be_same(one, other)) {
        throw std::invalid_argument(std::string(one.name) + " and " + other.name +
                                    " overlap in memory.");
      }
    }
  }
}

void check_ids(const int64_t* ids, std::ptrdiff_t num_ids, std::ptrdiff_t limit, const char* name) {
  for (std::ptrdiff_t index = 0; index < num_ids; ++index) {
    if (ids[index] >= 0 && ids[index] < limit) continue;
    const std::string message = std::string(name) + "[" + std::to_string(index) + "] is " +
                                std::to_string(ids[index]) + "; it must be from 0 to " +
                                std::to_string(limit - 1) + ".";
    throw nb::index_error(message.c_str());
  }
}

}  // namespace nextword
