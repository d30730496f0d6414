// The number formats of operands and results.
#pragma once

#include <cstdint>

namespace nextword {

enum class Element { float32, bfloat16 };

// The upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

template <class T>
inline constexpr Element element_of = Element::float32;
template <>
inline constexpr Element element_of<Bfloat16> = Element::bfloat16;

}  // namespace nextword
