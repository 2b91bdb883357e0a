// The protection of one mapping of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace rr {

// PROT_* of the mapping that holds an address; -1 where there is none, or the process is gone.
int protectionAt(pid_t tid, uint64_t address);

}  // namespace rr
