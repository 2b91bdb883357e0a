#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "launcher/record-stub.h"
#include "record/recorder.h"
#include "tracee/wait-for.h"

namespace rr {

namespace {

constexpr long kTraceOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                               PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;

std::string hexadecimal(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIx64, value);
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

// Starts the record stub, attaches to it and lets it go. False with `end` filled when that failed; the program itself
// may still fail to start, which loop() sees.
bool Recorder::launch(RecordingEnd& end) {
  int ready[2];
  int report[2];
  auto failed = [&](int error) {
    end.launchStep = 0;
    end.launchError = error;
    return false;
  };
  if (pipe2(ready, O_CLOEXEC) != 0) return failed(errno);
  if (pipe2(report, O_CLOEXEC) != 0) return failed(errno);
  // High numbers, out of the way of what the program inherits; the stub closes the first, exec the second.
  std::vector<std::string> arguments = {"rr-launch",
                                        "record-stub",
                                        std::to_string(ready[0]),
                                        std::to_string(report[1]),
                                        hexadecimal(options_.ignoredSignals),
                                        hexadecimal(options_.blockedSignals),
                                        hexadecimal(options_.softFileLimit),
                                        hexadecimal(options_.hardFileLimit),
                                        hexadecimal(options_.closedDescriptors),
                                        options_.replaceTime ? "0" : "1",
                                        options_.randomizeAddresses ? "0" : "1",
                                        options_.program};
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> environment = pointers(options_.environment);
  const char* launcher = options_.launcher.c_str();

  // Only async-signal-safe calls in the child: Node has other threads.
  const pid_t child = fork();
  if (child < 0) return failed(errno);
  if (child == 0) {
    fcntl(ready[0], F_SETFD, 0);
    // Node has set FD_CLOEXEC on everything that it inherited (uv_disable_stdio_inheritance).
    for (const int descriptor : options_.inheritedDescriptors) fcntl(descriptor, F_SETFD, 0);
    // The report descriptor must survive this exec and not the next: the stub sets FD_CLOEXEC again.
    fcntl(report[1], F_SETFD, 0);
    umask(static_cast<mode_t>(options_.umask));
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(launcher, argv.data(), environment.data());
    const LaunchReport failure = {0, errno};
    _exit(write(report[1], &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure) ? 127 : 126);
  }
  close(ready[0]);
  close(report[1]);
  launchReport_ = report[0];
  tree_.setInitial(child);
  if (ptrace(PTRACE_SEIZE, child, 0, kTraceOptions) != 0) {
    const int error = errno;
    kill(child, SIGKILL);
    int status = 0;
    waitFor(child, status);
    close(ready[1]);
    return failed(error);
  }
  auto task = std::make_unique<Task>();
  task->tid = task->threadGroup = child;
  task->space = std::make_shared<AddressSpace>();
  task->signals.faultBlocked = ((options_.blockedSignals >> (SIGSEGV - 1)) & 1) != 0;
  task->signals.sysBlocked = ((options_.blockedSignals >> (SIGSYS - 1)) & 1) != 0;
  if ((options_.ignoredSignals >> (SIGSEGV - 1)) & 1) task->signals.sysAction->faultHandler = kIgnoreHandler;
  task->state = Task::State::inCall;  // running the stub, before anything is recorded
  schedulingCalls_.add(*task, nullptr);
  tree_.add(std::move(task));
  const bool told = write(ready[1], "g", 1) == 1;
  close(ready[1]);
  if (!told) return failed(EPIPE);
  return true;
}

}  // namespace rr
