// A task that ends while it makes a call of the tracer's: its last status is told, since nobody can wait for it again.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring/broken-wait.h"
#include "tracee/tracee.h"

extern "C" const char instruction[];
__asm__(".text\ninstruction: syscall\nint3\n");

namespace {

pid_t told = 0;
int toldStatus = 0;

void note(pid_t tid, int status) {
  told = tid;
  toldStatus = status;
}

pid_t stoppedChild() {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
  return child;
}

}  // namespace

int main() {
  rr::endedInCall = note;
  const uint64_t at = reinterpret_cast<uint64_t>(instruction);
  const pid_t lives = stoppedChild();
  const uint64_t none[6] = {};
  const long own = rr::syscallByStops(lives, SYS_getpid, none, at);
  printf("getpid: %s, told: %d\n", own == lives ? "right" : "wrong", told);
  const pid_t dies = stoppedChild();
  const uint64_t itself[6] = {static_cast<uint64_t>(dies), SIGKILL};
  const long result = rr::syscallByStops(dies, SYS_kill, itself, at);
  printf("kill: %s, told: %s, killed by %d\n", result == -ESRCH ? "ESRCH" : "another result",
         told == dies ? "right" : "wrong", WIFSIGNALED(toldStatus) ? WTERMSIG(toldStatus) : 0);
  const bool left = waitpid(dies, nullptr, __WALL) == -1 && errno == ECHILD;
  printf("to wait for: %s\n", left ? "nothing" : "something");
  kill(lives, SIGKILL);
  return 0;
}
