// The memory that the program has, without what the recorder put there: replay does not have that.
#pragma once

#include <sys/types.h>

#include <vector>

#include "record/task.h"
#include "tracee/tracee.h"

namespace rr {

// The mappings of a task by address, cut where scratch areas (which the kernel merges with their neighbours) and our
// page lie; without what the kernel itself provides (vvar, vsyscall).
std::vector<MapLine> readProgramMaps(pid_t tid, const AddressSpace& space);

// Memory of ours that the program must not change: our pages, the runtime, scratch areas, stubs; ascending.
std::vector<AddressRange> ownMemory(const AddressSpace& space);

}  // namespace rr
