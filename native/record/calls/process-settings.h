// What a program sets of itself by prctl(2) and the recorder has to set, or to keep, in its stead.
#pragma once

#include "record/calls/entry-answer.h"
#include "record/task.h"

namespace rr {

// At the entry of prctl.
EntryAnswer enterSettings(Task& task);
// At its end, which is no failure.
void exitSettings(const Task& task);

}  // namespace rr
