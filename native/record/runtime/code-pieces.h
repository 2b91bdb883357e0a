// Pieces of a program's code, read together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "record/task.h"

namespace rr {

// The bytes of each range, by one system call where the kernel lets us; none of those that cannot be read as a whole.
std::vector<std::vector<uint8_t>> readPieces(const Task& task, std::span<const AddressRange> ranges);

}  // namespace rr
