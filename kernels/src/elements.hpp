// The number formats of operands and results.
#pragma once

#include <cstdint>

namespace nextword {

enum class Element { float32, bfloat16 };

// The upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

// A number in [-1, 1], in steps of 1 / 32767: an activated gate beside products in bfloat16, which
// would leave of 1 - i, with i near 1, hardly a digit.
struct Fixed16 {
  int16_t bits;
};

// How activated gates are kept beside operands of a number format.
template <class Number>
struct Kept {
  using Gate = float;
};
template <>
struct Kept<Bfloat16> {
  using Gate = Fixed16;
};

template <class T>
inline constexpr Element element_of = Element::float32;
template <>
inline constexpr Element element_of<Bfloat16> = Element::bfloat16;

}  // namespace nextword
