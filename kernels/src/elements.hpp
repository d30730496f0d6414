// The dtypes of operands and results.
#pragma once

#include <cstdint>

namespace nextword {

enum class Element { float32, bfloat16 };

// The upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

// A fixed-point number in [-1, 1] with steps of 1 / 32767: the dtype of stored gates if products
// are bfloat16, which has too little precision for 1 - i with i near 1.
struct Fixed16 {
  int16_t bits;
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

}  // namespace nextword
