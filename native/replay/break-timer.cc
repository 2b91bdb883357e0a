#include "replay/break-timer.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace rr {

namespace {

// A real-time signal that neither Node nor V8's profiler uses.
int breakSignal() { return SIGRTMAX - 3; }

void ignore(int) {}

}  // namespace

BreakTimer::~BreakTimer() {
  if (running_) timer_delete(timer_);
}

bool BreakTimer::start(std::chrono::milliseconds interval) {
  struct sigaction action {};
  action.sa_handler = ignore;  // and no SA_RESTART: the wait is to end
  sigemptyset(&action.sa_mask);
  if (sigaction(breakSignal(), &action, nullptr) != 0) return false;

  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = breakSignal();
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return false;
  running_ = true;

  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(interval);
  const std::chrono::nanoseconds rest = interval - seconds;
  itimerspec schedule{};
  schedule.it_interval = {static_cast<time_t>(seconds.count()), static_cast<long>(rest.count())};
  schedule.it_value = schedule.it_interval;
  return timer_settime(timer_, 0, &schedule, nullptr) == 0;
}

}  // namespace rr
