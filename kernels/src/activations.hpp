// exp, sigmoid and tanh on vectors, to about one unit in the last place of float32.
//
// NaN comes through everywhere: a diverged training has to be seen.
#pragma once

#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// Below this the result would not be a normal number; `exponential` gives 0.
inline constexpr float kSmallestExponent = -87.3f;
inline constexpr float kLargestExponent = 88.7f;

// e^x as 2^n * e^r with n the nearest whole number to x / ln 2, and a polynomial in r on
// [-ln 2 / 2, ln 2 / 2] (coefficients of Cephes' expf). Infinite above kLargestExponent.
inline Floats exponential(Floats x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  // Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits.
  const Floats shifter = splat(12582912.0f);
  const Floats low = splat(kSmallestExponent), high = splat(kLargestExponent);
  Floats clamped = x < low ? low : x;
  clamped = clamped > high ? high : clamped;
  const Floats shifted = clamped * kLog2E + shifter;
  const Floats n = shifted - shifter;
  const Floats r = (clamped - n * kLn2High) - n * kLn2Low;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // 2^n in two factors, for n = 128 has no exponent field of its own.
  const Ints whole = (Ints)shifted - (Ints)shifter;
  const Ints half = whole >> 1;
  const Floats first = (Floats)((half + 127) << 23);
  const Floats second = (Floats)((whole - half + 127) << 23);
  const Floats result = p * first * second;
  const Floats infinity = splat(__builtin_inff());
  return x < low ? Floats{} : (x > high ? infinity : result);
}

inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exponential(-x)); }

inline Floats absolute(Floats x) { return (Floats)((Words)x & 0x7fffffffu); }

// An odd polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel (coefficients of Cephes' tanhf).
inline Floats tanh_near_zero(Floats x) {
  const Floats square = x * x;
  Floats p = square * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  return p * square * x + x;
}

inline Floats hyperbolic_tangent(Floats x) {
  const Floats magnitude = absolute(x);
  const Floats far = 1.0f - 2.0f / (exponential(magnitude + magnitude) + 1.0f);
  const Words sign = (Words)x & 0x80000000u;
  const Floats signed_far = (Floats)((Words)far | sign);
  return magnitude < 0.625f ? tanh_near_zero(x) : signed_far;
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
