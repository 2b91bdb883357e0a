// Which status flags a program still needs at an instruction.
#pragma once

#include <cstdint>
#include <vector>

#include "patch/flow-graph.h"

namespace rr {

// For each instruction of `graph` the status flags (bits as in rflags) whose values before it matter: some way from
// there reads one before it gets a new value, or leads out of the graph before it does. What an instruction does to
// flags is known for what compilers write often; any other needs all of them. An instruction on the way that faults
// would show the flags to a signal handler.
std::vector<uint16_t> neededFlags(const FlowGraph& graph);

// Whether the branch condition (0 to 15, as in jcc's opcode) holds with `flags`.
bool conditionHolds(unsigned condition, uint64_t flags) noexcept;

}  // namespace rr
