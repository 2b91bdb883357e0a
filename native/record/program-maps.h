// The memory that the program has, without what the recorder put there: replay does not have that.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <span>
#include <vector>

#include "record/task.h"
#include "tracee/tracee.h"

namespace rr {

// The mappings of a task by address, cut where scratch areas (which the kernel merges with their neighbours) and our
// page lie; without what the kernel itself provides (vvar, vsyscall).
std::vector<MapLine> readProgramMaps(pid_t tid, const AddressSpace& space);

// What lies dead below the stack of a task, from its red zone down; the loader's lazy binding leaves raw XSAVE state
// there, which is not the same in a replay. All of a stack that the kernel or the C library made; 64 KB of any other,
// which may lie in the heap, amid what is alive.
AddressRange deadStack(std::span<const MapLine> maps, const user_regs_struct& registers);

// Stubs and scratch areas; ascending.
std::vector<AddressRange> ownMemoryBesideRuntime(const AddressSpace& space);

// Memory of ours that the program must not change: our pages, the runtime, scratch areas, stubs; ascending.
std::vector<AddressRange> ownMemory(const AddressSpace& space);

}  // namespace rr
