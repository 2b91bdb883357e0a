#include "record/tracer-thread.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace rr {

namespace {

// Whose ticks come to this thread. It is read in a signal handler, and so written before the first of them.
thread_local TracerThread* current = nullptr;

// Binds the calling thread to one CPU, and the other threads of this process to the rest. Returns 0, or the errno for
// the calling thread.
int bindThreads(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(cpu), &one);
  cpu_set_t others;
  if (sched_getaffinity(0, sizeof others, &others) != 0) return errno;
  CPU_CLR(static_cast<size_t>(cpu), &others);
  const pid_t self = gettid();
  if (CPU_COUNT(&others) > 0) {
    if (DIR* threads = opendir("/proc/self/task")) {
      while (const dirent* entry = readdir(threads)) {
        const pid_t tid = atoi(entry->d_name);
        if (tid > 0 && tid != self) sched_setaffinity(tid, sizeof others, &others);
      }
      closedir(threads);
    }
  }
  return sched_setaffinity(0, sizeof one, &one) == 0 ? 0 : errno;
}

}  // namespace

void TracerThread::noteTick(int) {
  if (current) current->ticked_ = true;
}

void TracerThread::terminate() {
  terminating_ = true;
  if (const pid_t tid = tid_) syscall(SYS_tgkill, getpid(), tid, BreakTimer::signal());
}

void TracerThread::begin(int cpu) {
  current = this;
  tid_ = gettid();
  if (cpu >= 0) bindError_ = bindThreads(cpu);
  if (!timer_.start(std::chrono::nanoseconds(kIdleTick), noteTick)) timerError_ = errno;
  setTick(kIdleTick);
}

void TracerThread::end() {
  timer_.stop();
  tid_ = 0;
  current = nullptr;
}

void TracerThread::setTick(uint64_t wanted) {
  const uint64_t period = std::max(wanted, kShortestTick);
  if (timerError_ != 0 || period == period_) return;
  period_ = period;
  timer_.setPeriod(std::chrono::nanoseconds(period));
}

}  // namespace rr
