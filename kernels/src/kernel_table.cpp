#include "kernel_table.hpp"

namespace nextword::NEXTWORD_INSTRUCTION_SET {

const KernelTable kKernels = {
    pack,
    lstm_forward,
    lstm_backward,
    gru_forward,
    gru_backward,
    elman_forward,
    elman_backward,
    diagonal_forward,
    diagonal_backward,
    recurrence_forward,
    recurrence_backward,
    cross_entropy_forward,
    cross_entropy_backward,
    dropout,
    transpose,
    run_steps,
};

}  // namespace nextword::NEXTWORD_INSTRUCTION_SET
