// Vectors of float32 lanes, as wide as the instruction set this file is compiled for.
//
// Written with the vector extension of GCC and Clang: one source compiles to SSE, NEON, AVX2 or
// AVX-512. All names are in a namespace of the instruction set. Otherwise the linker could replace
// the portable version of an inline function by the AVX-512 version.
#pragma once

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

#include "elements.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

// Accumulators of a register tile: rows of 4 columns, with registers left for the operands.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kTileRows = 6;
#else
inline constexpr int kTileRows = 3;
#endif
inline constexpr int kTileColumns = 4;

using Floats = float __attribute__((vector_size(4 * kLanes)));
using Ints = int32_t __attribute__((vector_size(4 * kLanes)));
using Words = uint32_t __attribute__((vector_size(4 * kLanes)));
using Halves = uint16_t __attribute__((vector_size(2 * kLanes)));

inline Floats splat(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return (Floats)(Words{} | bits);
}

inline Words load_words(const std::byte* source) {
  Words words;
  __builtin_memcpy(&words, source, sizeof words);
  return words;
}

inline Floats load(const float* source) {
  Floats values;
  __builtin_memcpy(&values, source, sizeof values);
  return values;
}

// Sixteen bits per lane, zero-extended. GCC 12 would widen in two parts.
inline Words widen(Halves halves) {
#if defined(__AVX512F__)
  return (Words)_mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)halves);
#else
  return __builtin_convertvector(halves, Words);
#endif
}

// The lower sixteen bits of every lane.
inline Halves narrow(Words words) {
#if defined(__AVX512F__)
  return (Halves)_mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)words);
#else
  return __builtin_convertvector(words, Halves);
#endif
}

inline Floats load(const Bfloat16* source) {
  Halves halves;
  __builtin_memcpy(&halves, source, sizeof halves);
  return (Floats)(widen(halves) << 16);
}

inline constexpr float kFixedSteps = 32767.0f;
// Adding 1.5 * 2^23 rounds to an integer, which is then in the lower half of the bits.
inline constexpr float kRounding = 12582912.0f;

inline Floats load(const Fixed16* source) {
  Halves halves;
  __builtin_memcpy(&halves, source, sizeof halves);
  // An arithmetic shift extends the sign.
  return __builtin_convertvector((Ints)(widen(halves) << 16) >> 16, Floats) * (1 / kFixedSteps);
}

inline void store(Fixed16* target, Floats values) {
  const Halves halves = narrow((Words)(values * kFixedSteps + kRounding));
  __builtin_memcpy(target, &halves, sizeof halves);
}

inline void store(float* target, Floats values) {
  __builtin_memcpy(target, &values, sizeof values);
}

// Rounds to the nearest bfloat16, ties to even; NaN stays NaN. The instruction flushes values below
// 2^-126 to 0.
inline Halves round_to_bfloat16(Floats values) {
#if defined(__AVX512BF16__)
  return (Halves)_mm512_cvtneps_pbh((__m512)values);
#else
  const Words bits = (Words)values;
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Words quiet_nan = Words{} | 0x7fc0u;
  return narrow(values == values ? rounded : quiet_nan);
#endif
}

// Words of two bfloat16 values.
inline Words pairs_of(Floats low, Floats high) {
  return widen(round_to_bfloat16(low)) | (widen(round_to_bfloat16(high)) << 16);
}

inline void store(Bfloat16* target, Floats values) {
  const Halves halves = round_to_bfloat16(values);
  __builtin_memcpy(target, &halves, sizeof halves);
}

// The first `count` lanes; the others are 0. A whole vector where `count` reaches `kLanes`.
template <class Element>
inline Floats load(const Element* source, int count) {
  if (count >= kLanes) return load(source);
  Element lanes[kLanes] = {};
  for (int lane = 0; lane < count; ++lane) lanes[lane] = source[lane];
  return load(lanes);
}

template <class Element>
inline void store(Element* target, Floats values, int count) {
  if (count >= kLanes) return store(target, values);
  Element lanes[kLanes];
  store(lanes, values);
  for (int lane = 0; lane < count; ++lane) target[lane] = lanes[lane];
}

// Adds to the first `count` values at `target`.
inline void add(float* target, Floats values, int count) {
  store(target, load(target, count) + values, count);
}

inline float sum_of_lanes(Floats values) {
  float sum = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += values[lane];
  return sum;
}

inline float largest_lane(Floats values) {
  float largest = values[0];
  // NaN is propagated: no number is at most NaN, and NaN is not replaced.
  for (int lane = 1; lane < kLanes; ++lane) {
    if (largest == largest && !(values[lane] <= largest)) largest = values[lane];
  }
  return largest;
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
