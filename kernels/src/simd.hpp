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

#if defined(__AVX512F__)
inline __mmask16 first_lanes(int count) { return static_cast<__mmask16>((1u << count) - 1u); }

inline Floats load(const float* source, int count) {
  if (count >= kLanes) return load(source);
  return (Floats)_mm512_maskz_loadu_ps(first_lanes(count), source);
}

inline void store(float* target, Floats values, int count) {
  if (count >= kLanes) return store(target, values);
  _mm512_mask_storeu_ps(target, first_lanes(count), (__m512)values);
}

inline Floats load(const Bfloat16* source, int count) {
  if (count >= kLanes) return load(source);
  return (Floats)(widen((Halves)_mm256_maskz_loadu_epi16(first_lanes(count), source)) << 16);
}

inline void store(Bfloat16* target, Floats values, int count) {
  if (count >= kLanes) return store(target, values);
  _mm256_mask_storeu_epi16(target, first_lanes(count), (__m256i)round_to_bfloat16(values));
}
#endif

// Adds to the first `count` values at `target`.
inline void add(float* target, Floats values, int count) {
  store(target, load(target, count) + values, count);
}

// The larger lane of each pair, or NaN if one of the two is NaN.
inline Floats larger(Floats first, Floats second) {
  return second <= first ? first : (first == first ? second : first);
}

#if defined(__AVX512F__)
// Combines the lanes in pairs, at a distance of 8, 4, 2 and 1. With masks, because GCC 12 warns of
// the intrinsics without them.
template <class Combine>
inline float fold_lanes(Floats values, Combine&& combine) {
  constexpr __mmask16 kAll = 0xffff;
  constexpr int kSwapHalves = 0x4e, kSwapNeighbors = 0xb1;
  const auto fold = [&](auto shuffle) {
    values = combine(values, (Floats)shuffle((__m512)values));
  };
  fold([](__m512 lanes) { return _mm512_maskz_shuffle_f32x4(kAll, lanes, lanes, kSwapHalves); });
  fold([](__m512 lanes) { return _mm512_maskz_shuffle_f32x4(kAll, lanes, lanes, kSwapNeighbors); });
  fold([](__m512 lanes) { return _mm512_maskz_permute_ps(kAll, lanes, kSwapHalves); });
  fold([](__m512 lanes) { return _mm512_maskz_permute_ps(kAll, lanes, kSwapNeighbors); });
  return values[0];
}
#endif

inline float sum_of_lanes(Floats values) {
#if defined(__AVX512F__)
  return fold_lanes(values, [](Floats first, Floats second) { return first + second; });
#else
  float sum = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += values[lane];
  return sum;
#endif
}

// The largest lane, or NaN if one of them is NaN.
inline float largest_lane(Floats values) {
#if defined(__AVX512F__)
  return fold_lanes(values, larger);
#else
  float largest = values[0];
  // No number is at most NaN, and NaN is not replaced.
  for (int lane = 1; lane < kLanes; ++lane) {
    if (largest == largest && !(values[lane] <= largest)) largest = values[lane];
  }
  return largest;
#endif
}

// The largest of `function(vector)` over all vectors of an array; the last one is filled with zeros.
template <class Function>
inline float largest_of(const float* values, std::ptrdiff_t size, Function&& function) {
  // Several at a time, because each comparison waits for the one before.
  constexpr int kChains = 4;
  Floats largest[kChains];
  for (Floats& chain : largest) chain = splat(-__builtin_inff());
  std::ptrdiff_t at = 0;
  for (; at + kChains * kLanes <= size; at += kChains * kLanes) {
    for (int chain = 0; chain < kChains; ++chain) {
      largest[chain] = larger(largest[chain], function(load(values + at + chain * kLanes)));
    }
  }
  for (; at < size; at += kLanes) {
    const std::ptrdiff_t left = size - at;
    const Floats lanes = load(values + at, static_cast<int>(left < kLanes ? left : kLanes));
    largest[0] = larger(largest[0], function(lanes));
  }
  return largest_lane(larger(larger(largest[0], largest[1]), larger(largest[2], largest[3])));
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
