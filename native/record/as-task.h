// Memory of a task as far as the task itself may use it: /proc/TID/mem gives and takes more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "record/task.h"

namespace rr {

// False where it may not; then a part may be read or written.
bool readAsTask(const Task& task, uint64_t address, void* bytes, size_t length);
bool writeAsTask(const Task& task, uint64_t address, const void* bytes, size_t length);

}  // namespace rr
