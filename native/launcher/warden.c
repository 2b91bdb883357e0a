#include "launcher/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPid = 1, kAddress = 2, kWord = 3, kWords = 4 };

// Children are attached to as they are made. If the warden is killed they are, too, rather than go on without calls.
static const long options =
    PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;

// Nothing of the recorder's, its terminal or its folder, is kept in use.
static void leaveAll(int kept) {
  setsid();
  for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
  // Else the kernel would reap what the warden is to wait for.
  signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (chdir("/") != 0) _exit(errno);
  const long most = sysconf(_SC_OPEN_MAX);
  for (int descriptor = 3; descriptor < (most < 0 || most > 4096 ? 4096 : most); descriptor++) {
    if (descriptor != kept) close(descriptor);
  }
}

// Attaches to the process and puts the program's own bytes back. 0, or an errno.
static int adopt(pid_t pid, uint64_t address, uint64_t word) {
  if (ptrace(PTRACE_SEIZE, pid, NULL, options) != 0) return errno;
  if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0) return errno;
  int status;
  while (waitpid(pid, &status, __WALL) != pid) {
    if (errno != EINTR) return errno;
  }
  if (!WIFSTOPPED(status)) return ESRCH;
  if (ptrace(PTRACE_POKETEXT, pid, address, word) != 0) return errno;
  // A signal that has stopped it first is delivered; the interrupt's own stop follows then.
  const int signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
  return ptrace(PTRACE_CONT, pid, NULL, (long)signal) == 0 ? 0 : errno;
}

// Lets a stopped process go on as it would without a tracer.
static void letPass(pid_t pid, int status) {
  const int signal = WSTOPSIG(status);
  switch (status >> 16) {
    case 0:
      ptrace(PTRACE_CONT, pid, NULL, (long)signal);
      return;
    case PTRACE_EVENT_STOP:
      // Stopped by job control: it stays so until it is told to go on.
      if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
        ptrace(PTRACE_LISTEN, pid, NULL, NULL);
        return;
      }
      break;
    default:
      break;
  }
  ptrace(PTRACE_CONT, pid, NULL, NULL);
}

static void watch(void) {
  for (;;) {
    int status;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) _exit(0);
    if (WIFSTOPPED(status)) letPass(pid, status);
  }
}

int runWarden(int argc, char **argv) {
  if (argc != kWords) return EINVAL;
  // The recorder's own streams are not inherited (FD_CLOEXEC): nothing else is to have their numbers.
  int nothing;
  do {
    nothing = open("/dev/null", O_RDWR);
    if (nothing < 0) return errno;
  } while (nothing < 3);
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) != 0) return errno;
  const pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    leaveAll(answer[1]);
    const int error =
        adopt((pid_t)strtol(argv[kPid], NULL, 10), strtoull(argv[kAddress], NULL, 16), strtoull(argv[kWord], NULL, 16));
    const unsigned char byte = (unsigned char)error;
    if (write(answer[1], &byte, 1) != 1 || error != 0) _exit(error);
    close(answer[1]);
    watch();
  }
  close(answer[1]);
  unsigned char byte;
  ssize_t got;
  do {
    got = read(answer[0], &byte, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1 ? byte : ECHILD;
}
