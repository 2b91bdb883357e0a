// Programs that are left unrecorded on purpose: for the recording their process ends where it executes one, and the
// processes that wait for it see it as one of another's. A warden keeps it going (launcher/warden.h).
#include <errno.h>
#include <fnmatch.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "record/recorder.h"

namespace rr {

namespace {

// `jmp` to itself.
constexpr uint64_t kLoop = 0xfeeb;
constexpr uint64_t kLoopMask = 0xffff;

std::string executableOf(pid_t tid) {
  char target[4096];
  const ssize_t length = readlink(("/proc/" + std::to_string(tid) + "/exe").c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string();
}

// A pattern without a slash is one of names.
bool isNamedBy(const std::string& pattern, const std::string& path) {
  const size_t slash = path.rfind('/');
  const bool wholePath = pattern.find('/') != std::string::npos || slash == std::string::npos;
  return fnmatch(pattern.c_str(), wholePath ? path.c_str() : path.c_str() + slash + 1, 0) == 0;
}

std::string hexadecimal(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%lx", value);
  return text;
}

// Starts it and waits until the process goes on. 0, or an errno.
int startWarden(const std::string& launcher, pid_t tid, uint64_t address, uint64_t word) {
  std::string words[] = {"rr-launch", "warden", std::to_string(tid), hexadecimal(address), hexadecimal(word)};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
  char* environment[] = {nullptr};
  pid_t child;
  if (const int error = posix_spawn(&child, launcher.c_str(), nullptr, nullptr, arguments, environment)) return error;
  int status;
  while (waitpid(child, &status, 0) != child) {
    if (errno != EINTR) return errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

}  // namespace

// At the exec of a program: whether it is to be unrecorded. The recording ends with its first process, and tracers of
// the recording's keep what they trace.
bool Recorder::leaves(const Task& task) const {
  if (!tree_.isStarted() || task.threadGroup == tree_.initial().tid || task.tracing.traced()) return false;
  if (task.leavesAtExec) return true;
  if (options_.skip.empty()) return false;
  const std::string path = executableOf(task.tid);
  for (const std::string& pattern : options_.skip) {
    if (isNamedBy(pattern, path)) return true;
  }
  return false;
}

// The program stands at its first instruction, and has nothing of ours but the filter, the trap of rdtsc and the
// processor that it is bound to.
void Recorder::leaveRecording(Task& task, pid_t former) {
  const pid_t tid = task.tid;
  const std::string path = executableOf(tid);
  user_regs_struct registers;
  if (!getRegisters(tid, registers)) return tree_.lost(task);
  uint64_t vdsoStart = 0;
  for (const MapLine& line : readMaps(tid)) {
    if (line.name == "[vdso]") vdsoStart = line.start;
  }
  if (vdsoStart != 0) {
    const uint64_t call = vdsoStart + vdso_.syscallOffset();
    const uint64_t timeStamps[6] = {PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0, 0};
    syscallByStops(tid, SYS_prctl, timeStamps, call);
    personality_.giveBack(task, call);
    // Where only ancestors may trace (Yama), the warden is none. An error elsewhere.
    const uint64_t tracer[6] = {PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0, 0};
    syscallByStops(tid, SYS_prctl, tracer, call);
  }
  cpu_set_t processors;
  // The other threads of the recorder have the rest of those that it was given (bindThreads).
  if (options_.cpu >= 0 && sched_getaffinity(getpid(), sizeof processors, &processors) == 0) {
    CPU_SET(static_cast<size_t>(options_.cpu), &processors);
    sched_setaffinity(tid, sizeof processors, &processors);
  }
  errno = 0;
  const long word = ptrace(PTRACE_PEEKTEXT, tid, registers.rip, 0);
  if (errno != 0) return tree_.lost(task);
  const uint64_t loop = (static_cast<uint64_t>(word) & ~kLoopMask) | kLoop;
  if (ptrace(PTRACE_POKETEXT, tid, registers.rip, loop) != 0) return tree_.lost(task);
  endWrites_.recordAtExec(task);
  task.end.clearChildTid = 0;
  task.end.robustWrites.clear();
  if (former != tid) {
    // The leader, whose id another thread has taken over, ends as well.
    Task& leader = tree_.lastBuried();
    writer_.task(schema::TaskKind::kExit, tid, 0, leader.threadGroup, 0, 0, {});
    events_.frame(schema::EventKind::kExit, leader, 0, leader.atEvent);
    writer_.task(schema::TaskKind::kExit, former, 0, task.threadGroup, 0, 0, {});
    task.tid = former;
    events_.frame(schema::EventKind::kExit, task, 0, task.atEvent);
    task.tid = tid;
    bury(task);
  } else {
    gone(task, 0);
  }
  const bool detached = ptrace(PTRACE_DETACH, tid, 0, 0) == 0;
  const int error = detached ? startWarden(options_.launcher, tid, registers.rip, static_cast<uint64_t>(word)) : ESRCH;
  if (error == 0) {
    log_.note("process " + std::to_string(tid) + " goes on unrecorded: " + path);
  } else if (error != ESRCH) {
    kill(tid, SIGKILL);
    log_.warn("process " + std::to_string(tid) + " (" + path +
              ") cannot go on outside of the recording and was killed: no tracer may attach to it (" + strerror(error) +
              "); record it along");
  }
}

}  // namespace rr
