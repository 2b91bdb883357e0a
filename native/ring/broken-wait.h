// What the scheduler thread does each time one of its waits is broken, or a long piece of work has come a little
// further: set by the recorder, called from wherever that is.
#pragma once

#include <sys/types.h>
#include <time.h>

namespace rr {

// `what` is waited for. Null while nothing is recorded.
inline thread_local void (*brokenWait)(const char* what) = nullptr;

inline void waitBroken(const char* what) {
  if (brokenWait) brokenWait(what);
}

// A task has ended while it made a call of ours, and its last status has been taken: who counts tasks is told, as
// nobody can wait for it any more. Set by the recorder; null while nothing is recorded.
inline thread_local void (*endedInCall)(pid_t tid, int status) = nullptr;

// Between two looks at a task of which nothing will tell. Not sched_yield: a loop of it moves the deadline that Linux
// schedules the thread by seconds ahead (yield_task_fair in kernel/sched/fair.c), where others want the processor.
inline void pauseBetweenLooks() {
  const timespec time = {0, 20'000};
  nanosleep(&time, nullptr);
}

}  // namespace rr
