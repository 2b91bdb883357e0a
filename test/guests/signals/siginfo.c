// Handlers with the whole siginfo: by kill, tgkill, sigqueue, a child's end, a fault; and the handler's own view.
#include "../guest.h"

static volatile int count;
static pid_t sender;

static void onSignal(int number, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  say("SIG%s: code %d errno %d, sender known %d, uid mine %d, value %d\n", sigabbrev_np(number), info->si_code,
      info->si_errno, info->si_pid == sender, info->si_uid == getuid(),
      info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
  if (number == SIGCHLD) say("  status %d\n", info->si_status);
  say("  mask saved: USR2 %d, stack flags %d\n", sigismember(&user->uc_sigmask, SIGUSR2), user->uc_stack.ss_flags);
  count++;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigset_t block;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR2);
  sigprocmask(SIG_BLOCK, &block, 0);
  int numbers[] = {SIGUSR1, SIGHUP, SIGTERM, SIGCHLD};
  for (int i = 0; i < 4; i++) sigaction(numbers[i], &action, 0);
  sender = getpid();
  kill(getpid(), SIGUSR1);
  syscall(SYS_tkill, poisoned(getpid()), poisoned(SIGHUP));
  syscall(SYS_tgkill, poisoned(getpid()), poisoned(getpid()), poisoned(SIGTERM));
  union sigval value = {.sival_int = 123456};
  sigqueue(getpid(), SIGUSR1, value);
  siginfo_t own = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  own.si_pid = sender;
  own.si_uid = getuid();
  own.si_value.sival_int = 99;
  result("rt_tgsigqueueinfo",
         syscall(SYS_rt_tgsigqueueinfo, poisoned(getpid()), poisoned(getpid()), poisoned(SIGUSR1), &own));
  result("kill nobody", kill(0x3fffffff, 0));
  result("kill unknown signal", syscall(SYS_kill, poisoned(getpid()), poisoned(77)));
  // The child waits until it may end: its pid must be known to the handler.
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    _exit(read(ends[0], &byte, 1) == 1 ? 5 : 6);
  }
  sender = child;
  need(write(ends[1], "x", 1) == 1);
  int status;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR)
    ;
  say("handled %d, child ended with %d\n", count, WEXITSTATUS(status));
  return 0;
}
