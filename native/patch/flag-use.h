// Whether a program still needs the status flags that it has at an instruction.
#pragma once

#include <cstdint>
#include <span>

namespace rr {

// True when the straight line of `code` gives every status flag a new value before it reads one, so that whatever runs
// before it may change them. Known for what compilers write often; else false. An instruction on the way that faults
// would show the flags to a signal handler.
bool overwritesStatusFlags(std::span<const uint8_t> code) noexcept;

}  // namespace rr
