// The dtypes of operands and results. Layers over time have no int8; the generator has.
#pragma once

#include <cstdint>

namespace nextword {

enum class Element { float32, bfloat16, int8 };

// The upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

// A fixed-point number in [-1, 1] with steps of 1 / 32767: the dtype of stored gates if products
// are bfloat16, which has too little precision for 1 - i with i near 1.
struct Fixed16 {
  int16_t bits;
};

// An 8-bit code: of a weight in [-127, 127], or of an operand in [1, 255] with 128 for 0.
struct Int8 {
  int8_t bits;
};

// The dtype of stored gates for a dtype of the operands.
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
template <>
inline constexpr Element element_of<Int8> = Element::int8;

}  // namespace nextword
