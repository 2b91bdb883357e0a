// What a tracer that takes its SIGCHLD by sigwaitinfo or a signalfd sees of stops, and when there is none.
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>

#include "../guest.h"

static pid_t stopping(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    raise(SIGUSR1);
    _exit(4);
  }
  return child;
}

static int pending(void) {
  sigset_t set;
  need(sigpending(&set) == 0);
  return sigismember(&set, SIGCHLD);
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  need(sigprocmask(SIG_BLOCK, &set, 0) == 0);
  siginfo_t info;
  int status = 0;
  pid_t child = stopping();
  say("signal %d", sigwaitinfo(&set, &info));
  say(", code %d, status %d, %s\n", info.si_code, info.si_status, info.si_pid == child ? "child" : "another");
  need(waitpid(child, &status, 0) == child && status == 0x137f);

  int file = signalfd(-1, &set, 0);
  need(file >= 0);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  struct signalfd_siginfo entry[2];
  say("read %zd", read(file, entry, sizeof entry));
  say(": signal %u, code %d, status %d, value %d and %lx, %s\n", entry[0].ssi_signo, entry[0].ssi_code,
      entry[0].ssi_status, entry[0].ssi_int, (long)entry[0].ssi_ptr,
      entry[0].ssi_pid == (uint32_t)child ? "child" : "another");
  need(waitpid(child, &status, 0) == child && status == 0x0a7f);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  say("its end: %zd\n", read(file, entry, sizeof entry));
  say("code %d, status %d\n", entry[0].ssi_code, entry[0].ssi_status);

  need(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
  child = stopping();
  need(waitpid(child, &status, 0) == child);
  say("ignored: stop %x, %s\n", status, pending() ? "signal" : "no signal");
  need(ptrace(PTRACE_DETACH, child, 0, SIGKILL) == 0);
  result("the end of an ignored child", waitpid(child, &status, 0));
  struct signalfd_siginfo left;
  struct pollfd ready = {file, POLLIN, 0};
  if (poll(&ready, 1, 0) == 1) need(read(file, &left, sizeof left) == sizeof left);

  struct sigaction quiet = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
  need(sigaction(SIGCHLD, &quiet, 0) == 0);
  child = stopping();
  need(waitpid(child, &status, 0) == child);
  say("SA_NOCLDSTOP: stop %x, %s\n", status, pending() ? "signal" : "no signal");
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  need(waitpid(child, &status, 0) == child);
  say("SA_NOCLDSTOP: stop %x, %s\n", status, pending() ? "signal" : "no signal");
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  say("%s\n", pending() ? "signal" : "no signal");
  return 0;
}
