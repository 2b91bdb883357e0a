// Our two pages in a replay's process, which what comes from a trace must leave alone: the tracer's own calls are made
// from the first, with a kernel that listens (docs/events.md, "What a replay's processes may ask of the kernel").
#pragma once

#include <cstddef>
#include <cstdint>

namespace rr {

// Whether a byte of the range is on one of them; a range that wraps around is.
bool touchesOurs(uint64_t start, uint64_t length);

// How much of `length` bytes from `address` on lies before them: all of it where none is on them.
size_t lengthBeforeOurs(uint64_t address, size_t length);

// Whether the tracer may make this call for a trace: it is one of the few, and leaves our pages alone. The filter of
// the process (launcher/replay-filter.h) knows the calls, and their flags, too.
bool mayCall(long number, const uint64_t (&arguments)[6]);

}  // namespace rr
