#include "counter/tick-counter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace rr {

namespace {

// A period that no program reaches: the event is a sampling one, so that it can be given a shorter one later.
constexpr uint64_t kNever = 1ULL << 60;

int paranoia() {
  FILE* file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
  if (!file) return -100;
  int value = -100;
  if (fscanf(file, "%d", &value) != 1) value = -100;
  fclose(file);
  return value;
}

std::string hexadecimal(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string describe(const CounterSpec& spec) {
  if (spec.isBreakpoint()) return "breakpoint event at " + hexadecimal(spec.address);
  return "event " + hexadecimal(spec.config) + " of type " + std::to_string(spec.type);
}

std::string advice(int error) {
  switch (error) {
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
      return "this machine shows no such counter; a virtual machine needs a virtual PMU";
    case EACCES:
    case EPERM:
      return "kernel.perf_event_paranoid is " + std::to_string(paranoia()) +
             " and must be 2 or less, and a container must be allowed perf_event_open (seccomp profile, CAP_PERFMON)";
    case ENOSYS:
      return "the kernel is built without perf events, or a container forbids perf_event_open";
    case EBUSY:
    case ENOSPC:
      return "all counters or debug registers are taken by others";
    case EMFILE:
    case ENFILE:
      return "no file descriptor is left: raise the limit (ulimit -n)";
    case EINVAL:
      return "the kernel does not know this event on this processor";
    default:
      return "see perf_event_open(2)";
  }
}

}  // namespace

bool CounterSpec::isBreakpoint() const { return type == PERF_TYPE_BREAKPOINT; }

TickCounter::~TickCounter() { close(); }

TickCounter::TickCounter(TickCounter&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

TickCounter& TickCounter::operator=(TickCounter&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

bool TickCounter::open(pid_t tid, const CounterSpec& spec, std::string& error) {
  close();
  perf_event_attr attributes = {};
  attributes.size = sizeof attributes;
  attributes.type = spec.type;
  attributes.config = spec.config;
  if (spec.isBreakpoint()) {
    attributes.bp_type = HW_BREAKPOINT_X;
    attributes.bp_addr = spec.address;
    attributes.bp_len = sizeof(long);
  }
  attributes.sample_period = kNever;
  attributes.wakeup_events = 1;
  // Always on its counter, or in error: a share of the time would be an estimate.
  attributes.pinned = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  if (!spec.isBreakpoint()) attributes.exclude_guest = 1;
  descriptor_ = static_cast<int>(syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (descriptor_ >= 0) return true;
  const int reason = errno;
  const std::string whom = tid == 0 ? "this thread" : "task " + std::to_string(tid);
  error = "perf_event_open, " + describe(spec) + ", for " + whom + ": " + strerror(reason) + "; " + advice(reason);
  errno = reason;
  return false;
}

void TickCounter::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::optional<uint64_t> TickCounter::read() const {
  uint64_t ticks = 0;
  // Zero bytes: a pinned event that lost its counter (perf_event_open(2), PERF_EVENT_STATE_ERROR).
  if (descriptor_ < 0 || ::read(descriptor_, &ticks, sizeof ticks) != sizeof ticks) return std::nullopt;
  return ticks;
}

bool TickCounter::reset() { return ioctl(descriptor_, PERF_EVENT_IOC_RESET, 0) == 0; }

bool TickCounter::disable() { return ioctl(descriptor_, PERF_EVENT_IOC_DISABLE, 0) == 0; }

bool TickCounter::enable() { return ioctl(descriptor_, PERF_EVENT_IOC_ENABLE, 0) == 0; }

// While the event is off: an active one of a kind that software counts would overflow at its next tick, whatever its
// new period (perf_event_period clears what is left of the old one).
bool TickCounter::setPeriod(uint64_t period) {
  return disable() && ioctl(descriptor_, PERF_EVENT_IOC_PERIOD, &period) == 0 && enable();
}

bool TickCounter::interruptAfter(uint64_t ticks, pid_t receiver, int signal) {
  const f_owner_ex owner = {F_OWNER_TID, receiver};
  return fcntl(descriptor_, F_SETOWN_EX, &owner) == 0 && fcntl(descriptor_, F_SETSIG, signal) == 0 &&
         setPeriod(ticks) && fcntl(descriptor_, F_SETFL, O_ASYNC) == 0;
}

bool TickCounter::stopInterrupts() { return fcntl(descriptor_, F_SETFL, 0) == 0 && setPeriod(kNever); }

}  // namespace rr
