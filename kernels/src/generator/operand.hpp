// Conversion of vectors to the operands of products.
#pragma once

#include "../product.hpp"
#include "network.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

using Bytes = uint8_t __attribute__((vector_size(kLanes)));

// The lowest eight bits of every lane. GCC 12 would convert lane by lane.
inline Bytes lowest_bytes(Words words) {
#if defined(__AVX512F__)
  return (Bytes)_mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)words);
#else
  return __builtin_convertvector(words & 0xffu, Bytes);
#endif
}

inline void write_operand(float, const float* values, std::ptrdiff_t size, std::byte* words,
                          float*) {
  __builtin_memcpy(words, values, static_cast<std::size_t>(size) * 4);
}

inline void write_operand(Bfloat16, const float* values, std::ptrdiff_t size, std::byte* words,
                          float*) {
  auto* target = reinterpret_cast<Bfloat16*>(words);
  for (std::ptrdiff_t at = 0; at < size; at += kLanes) {
    const std::ptrdiff_t left = size - at;
    const int count = static_cast<int>(left < kLanes ? left : kLanes);
    store(target + at, load(values + at, count), count);
  }
  if (size % 2 == 1) target[size] = Bfloat16{0};
}

// Codes are 128 + value / scale, rounded, where the scale maps the largest value to 127. NaN and
// infinities make the scale NaN or infinite, so that they come through.
inline void write_operand(Int8, const float* values, std::ptrdiff_t size, std::byte* words,
                          float* scale) {
  const auto size_of = [](Floats lanes) { return lanes < Floats{} ? -lanes : lanes; };
  *scale = largest_of(values, size, size_of) / 127.0f;
  const float steps = *scale > 0.0f ? 1.0f / *scale : 0.0f;
  auto* codes = reinterpret_cast<uint8_t*>(words);
  for (std::ptrdiff_t at = 0; at < size; at += kLanes) {
    const std::ptrdiff_t left = size - at;
    const int count = static_cast<int>(left < kLanes ? left : kLanes);
    const Words bits = (Words)(load(values + at, count) * steps + 128.0f + kRounding);
    const Bytes bytes = lowest_bytes(bits);
    __builtin_memcpy(codes + at, &bytes, static_cast<std::size_t>(count));
  }
  // The weights of these are 0.
  for (std::ptrdiff_t at = size; at % 4 != 0; ++at) codes[at] = 128;
}

// Writes one row of an operand.
template <class Number>
inline void write_operand(const StepMemory::Operands& operands, std::ptrdiff_t row,
                          const float* values, std::ptrdiff_t size) {
  write_operand(Number{}, values, size, operands.words + row * operands.row_words * 4,
                operands.scales + row);
}

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
