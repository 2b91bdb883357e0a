#include "replay/tick-target.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "replay/stops.h"

namespace rr {

static_assert(kOverflowSignal == SIGSTKFLT);

int runNearTicks(pid_t tid, TickCounter& counter, uint64_t value, uint64_t skid, bool running,
                 const user_regs_struct& next, user_regs_struct& found) {
  user_regs_struct from = next;
  if (!running) found = next;
  for (;;) {
    if (!running) {
      const std::optional<uint64_t> now = counter.read();
      if (!now) return -EIO;
      if (*now > value) return kTicksPassed;
      if (value - *now <= skid) return kTicksNear;
      if (!counter.interruptAfter(value - *now - skid, tid, kOverflowSignal)) return -errno;
    }
    const int status = running ? waitForStop(tid, found) : resumeToStop(tid, Resume::kSysemu, 0, from, found);
    if (status == -EINTR) return status;
    running = false;
    if (!counter.stopInterrupts() && status >= 0 && WIFSTOPPED(status)) return -errno;
    if (status < 0 || !WIFSTOPPED(status) || status >> 8 != kOverflowSignal) return status;
    from = found;
  }
}

}  // namespace rr
