// Which of the bytes that calls read come from files: the encoder looks for these in the store.
#pragma once

#include <cstdint>

#include "record/task.h"

namespace rr {

// Flags of the records of what a call has read: whether it comes from a regular file that everybody may read. A file
// system that the recording itself serves is not asked.
uint8_t readFlags(const Task& task, int64_t result);

}  // namespace rr
