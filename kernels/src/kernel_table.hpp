// The kernels of one instruction set.
#pragma once

#include "arguments.hpp"
#include "threads.hpp"

namespace nextword {

struct NetworkSteps;

// Every kernel is called by all threads of a team with the same arguments.
struct KernelTable {
  void (*pack)(const PackArguments&, Member);
  void (*lstm_forward)(const LstmForward&, Member);
  void (*lstm_backward)(const LstmBackward&, Member);
  void (*gru_forward)(const GruForward&, Member);
  void (*gru_backward)(const GruBackward&, Member);
  void (*elman_forward)(const ElmanForward&, Member);
  void (*elman_backward)(const ElmanBackward&, Member);
  void (*diagonal_forward)(const DiagonalForward&, Member);
  void (*diagonal_backward)(const DiagonalBackward&, Member);
  void (*recurrence_forward)(const RecurrenceForward&, Member);
  void (*recurrence_backward)(const RecurrenceBackward&, Member);
  void (*cross_entropy_forward)(const CrossEntropyForward&, Member);
  void (*cross_entropy_backward)(const CrossEntropyBackward&, Member);
  void (*dropout)(const Dropout&, Member);
  void (*transpose)(const Transpose&, Member);
  void (*run_steps)(const NetworkSteps&, Member);
};

// Defined only in sources that are compiled for an instruction set.
#if defined(NEXTWORD_INSTRUCTION_SET)
namespace NEXTWORD_INSTRUCTION_SET {

void pack(const PackArguments& args, Member member);
void lstm_forward(const LstmForward& args, Member member);
void lstm_backward(const LstmBackward& args, Member member);
void gru_forward(const GruForward& args, Member member);
void gru_backward(const GruBackward& args, Member member);
void elman_forward(const ElmanForward& args, Member member);
void elman_backward(const ElmanBackward& args, Member member);
void diagonal_forward(const DiagonalForward& args, Member member);
void diagonal_backward(const DiagonalBackward& args, Member member);
void recurrence_forward(const RecurrenceForward& args, Member member);
void recurrence_backward(const RecurrenceBackward& args, Member member);
void cross_entropy_forward(const CrossEntropyForward& args, Member member);
void cross_entropy_backward(const CrossEntropyBackward& args, Member member);
void dropout(const Dropout& args, Member member);
void transpose(const Transpose& args, Member member);
void run_steps(const NetworkSteps& args, Member member);

extern const KernelTable kKernels;

}  // namespace NEXTWORD_INSTRUCTION_SET
#endif

}  // namespace nextword
