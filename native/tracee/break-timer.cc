#include "tracee/break-timer.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <system_error>

namespace rr {

int BreakTimer::signal() { return SIGSTKFLT; }

bool BreakTimer::start(std::chrono::nanoseconds period, Handler handler) {
  struct sigaction action = {};
  action.sa_handler = handler;  // and no SA_RESTART: the wait is to end
  sigemptyset(&action.sa_mask);
  if (sigaction(signal(), &action, nullptr) != 0) return false;
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, signal());
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);

  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal();
  event._sigev_un._tid = gettid();
  period_ = period;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
    refusal_ = errno;
    try {
      thread_ = std::thread([this, tid = gettid()] { tick(tid); });
    } catch (const std::system_error& error) {
      errno = error.code().value();
      return false;
    }
  }
  running_ = true;
  setPeriod(period);
  return true;
}

void BreakTimer::setPeriod(std::chrono::nanoseconds period) {
  if (!running_) return;
  if (thread_.joinable()) {
    const std::lock_guard lock(mutex_);
    period_ = period;
    changed_.notify_one();
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(period);
  itimerspec schedule = {};
  schedule.it_interval = {static_cast<time_t>(seconds.count()), static_cast<long>((period - seconds).count())};
  schedule.it_value = schedule.it_interval;
  timer_settime(timer_, 0, &schedule, nullptr);
}

void BreakTimer::stop() {
  if (!running_) return;
  running_ = false;
  if (!thread_.joinable()) {
    timer_delete(timer_);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void BreakTimer::tick(pid_t tid) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::chrono::nanoseconds period = period_;
    // A new period counts from now.
    const auto isNew = [this, period] { return stopping_ || period_ != period; };
    if (!changed_.wait_for(lock, period, isNew)) syscall(SYS_tgkill, getpid(), tid, signal());
  }
}

}  // namespace rr
