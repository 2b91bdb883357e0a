// Files of /proc/TID.
#pragma once

#include <sys/types.h>

#include <string>

namespace rr {

// How the kernel hands out a file's text: all of it by one read, if there is room (single_open() in the kernel), or a
// few lines at a time.
enum class ProcessFile { whole, inPieces };

// The text of /proc/TID/NAME, by as few system calls as it takes; empty when it cannot be read.
std::string readProcessFile(pid_t tid, const char* name, ProcessFile kind = ProcessFile::whole);

}  // namespace rr
