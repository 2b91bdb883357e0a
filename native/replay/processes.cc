#include "replay/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tracee/wait-for.h"

namespace rr {

namespace {

// A debugger keeps places on the way as often at most.
constexpr std::chrono::milliseconds kBreakInterval{100};

constexpr long kTraceOptions =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;

void ignore(int) {}

// A stop of a tracee sends SIGCHLD, but to a handler that does not want it for stops (SA_NOCLDSTOP in sigaction(2));
// wait4 ends all the same. libuv has a handler as soon as Node has started a process, as the debugger, and wakes its
// thread for each signal. Others that stop are nothing to it.
void keepStopsQuiet() {
  struct sigaction action;
  if (sigaction(SIGCHLD, nullptr, &action) != 0) return;
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDSTOP) != 0) return;
  action.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &action, nullptr);
}

std::string failure(const char* what, int error) { return std::string(what) + ": " + strerror(error); }

// vfork and execute. Between the two the child runs in our memory, in a process with many threads: nothing but system
// calls, and everything it needs is made before. Signals stay blocked over it, so no handler of ours runs there.
pid_t start(const char* path, char* const* arguments, char* const* environment, int inherited, int& error) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  volatile int failed = 0;
  const pid_t child = vfork();
  if (child == 0) {
    if (fcntl(inherited, F_SETFD, 0) == 0) execve(path, arguments, environment);
    failed = errno;
    _exit(127);
  }
  error = child < 0 ? errno : failed;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child > 0 && failed) {
    int status = 0;
    waitFor(child, status);
    return -1;
  }
  return child;
}

// Why the replay's process cannot be used: what its stub told before it ended, else what is known here.
std::string reasonFor(int socket, const std::string& known) {
  char text[256];
  ssize_t length = recv(socket, text, sizeof text, MSG_DONTWAIT);
  // Our own word to it, which it has not read, counts as an error once.
  if (length < 0 && errno == ECONNRESET) length = recv(socket, text, sizeof text, MSG_DONTWAIT);
  return length > 0 ? std::string(text, static_cast<size_t>(length)) : known;
}

}  // namespace

pid_t ReplayProcesses::spawn(const std::string& launcher, std::string& error) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    error = failure("cannot make a socket pair", errno);
    return 0;
  }
  socket_ = pair[0];

  std::string socketNumber = std::to_string(pair[1]);
  std::string mode = "replay-stub";
  std::string program = launcher;
  // The stub has no use for restartable sequences, and could not keep them (replay-stub.c).
  std::string tunables = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
  std::array<char*, 4> arguments{program.data(), mode.data(), socketNumber.data(), nullptr};
  std::array<char*, 2> environment{tunables.data(), nullptr};
  int startError = 0;
  const pid_t tid = start(program.c_str(), arguments.data(), environment.data(), pair[1], startError);
  ::close(pair[1]);
  if (tid < 0) {
    error = failure(("cannot start " + launcher).c_str(), startError);
    return 0;
  }
  add(tid, 0, false);

  int status = 0;
  if (ptrace(PTRACE_SEIZE, tid, 0, kTraceOptions) != 0) {
    error = failure("cannot trace the replay's process (PTRACE_SEIZE)", errno) +
            "; see kernel.yama.ptrace_scope, or give the container SYS_PTRACE";
    error = reasonFor(socket_, error);
  } else if (const char go = 1; send(socket_, &go, 1, MSG_NOSIGNAL) != 1) {
    error = reasonFor(socket_, failure("the replay's process does not answer", errno));
  } else {
    // Stops before the handing over come from outside.
    while (waitFor(tid, status) && WIFSTOPPED(status) && (status >> 8) != SIGTRAP) ptrace(PTRACE_CONT, tid, 0, 0);
    if (!WIFSTOPPED(status)) {
      forget(tid);
      error = reasonFor(socket_, "the replay's process ended with wait status " + std::to_string(status));
    } else if (!timer_.start(kBreakInterval, ignore)) {
      error = failure("cannot make a timer", errno);
    } else {
      unconfined_ = reasonFor(socket_, "");
      return tid;
    }
  }
  close();
  return 0;
}

void ReplayProcesses::add(pid_t tid, pid_t maker, bool sharesMemory) {
  processes_.emplace(tid, nullptr);
  keepStopsQuiet();
  if (maker == 0) return;
  // Made for both now: the maker's areas of later must be the other's too.
  if (sharesMemory) {
    stubs(maker);
    stubs_[tid] = stubs_[maker];
  } else if (const auto found = stubs_.find(maker); found != stubs_.end()) {
    stubs_[tid] = std::make_shared<StubAreas>(*found->second);
  }
}

void ReplayProcesses::forget(pid_t tid) {
  processes_.erase(tid);
  stubs_.erase(tid);
}

StubAreas& ReplayProcesses::stubs(pid_t tid) {
  auto& areas = stubs_[tid];
  if (!areas) areas = std::make_shared<StubAreas>();
  return *areas;
}

void ReplayProcesses::beforeCall(pid_t tid, long number, const uint64_t (&arguments)[6]) {
  const auto found = stubs_.find(tid);
  if (found == stubs_.end()) return;
  if (number != SYS_mmap && number != SYS_munmap && number != SYS_mremap && number != SYS_mprotect &&
      number != SYS_pkey_mprotect) {
    return;
  }
  const uint64_t length = number == SYS_mremap ? std::max(arguments[1], arguments[2]) : arguments[1];
  found->second->makeRoom(tid, arguments[0], arguments[0] + length);
  if (number == SYS_mremap) found->second->makeRoom(tid, arguments[4], arguments[4] + arguments[2]);
}

void ReplayProcesses::end(pid_t tid) {
  stubs_.erase(tid);
  if (processes_.erase(tid) == 0) return;
  if (kill(tid, SIGKILL) != 0) return;
  // Stops that were on their way come first.
  int status = 0;
  while (waitFor(tid, status) && WIFSTOPPED(status)) {
  }
}

void ReplayProcesses::close() {
  while (!processes_.empty()) end(processes_.begin()->first);
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

const TraceeMemory* ReplayProcesses::memory(pid_t tid) {
  const auto found = processes_.find(tid);
  if (found == processes_.end()) {
    errno = ESRCH;
    return nullptr;
  }
  if (!found->second) {
    auto memory = std::make_unique<TraceeMemory>();
    if (!memory->open(tid)) return nullptr;
    found->second = std::move(memory);
  }
  return found->second.get();
}

}  // namespace rr
