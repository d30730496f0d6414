// exp, sigmoid and tanh on vectors, to within three units in the last place of float32.
//
// NaN is always propagated, so that a diverged training is detected.
#pragma once

#include "simd.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

// The nearest integer n to x / ln 2, as a float, and r = x - n ln 2 in [-ln 2 / 2, ln 2 / 2].
struct Reduced {
  Floats n, r;
};

inline Reduced reduce(Floats x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  const Floats n = (x * kLog2E + kRounding) - kRounding;
  return {n, (x - n * kLn2High) - n * kLn2Low};
}

// e^r - 1 on the reduced interval (coefficients of Cephes' expf).
inline Floats reduced_power_minus_one(Floats r) {
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * r * r + r;
}

// The maximum and the minimum of x and a limit; NaN if x is NaN.
inline Floats at_least(Floats x, float limit) { return x < splat(limit) ? splat(limit) : x; }
inline Floats at_most(Floats x, float limit) { return x > splat(limit) ? splat(limit) : x; }

// values * 2^n, for integers n in [-252, 254].
inline Floats scale(Floats values, Floats n) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_scalef_ps(0xffff, (__m512)values, (__m512)n);
#else
  // In two factors, because 2^128 is not a float32.
  const Ints whole = __builtin_convertvector(n, Ints);
  const Ints half = whole >> 1;
  const Floats first = (Floats)((half + 127) << 23);
  const Floats second = (Floats)((whole - half + 127) << 23);
  return values * first * second;
#endif
}

// e^x: 0 below -104, where float32 underflows; infinite above 89.
inline Floats exponential(Floats x) {
  const Reduced reduced = reduce(at_most(at_least(x, -105.0f), 90.0f));
  return scale(reduced_power_minus_one(reduced.r) + 1.0f, reduced.n);
}

inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exponential(-x)); }

// t / (t + 2) with t = e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), which does not cancel near 0.
inline Floats hyperbolic_tangent(Floats x) {
  constexpr float kOne = 9.5f;  // above it tanh rounds to 1
  const Reduced reduced = reduce(2.0f * at_most(at_least(x, -kOne), kOne));
  const Floats power = scale(splat(1.0f), reduced.n);
  const Floats t = reduced_power_minus_one(reduced.r) * power + (power - 1.0f);
  return t / (t + 2.0f);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
