// A session with a controlling terminal: foreground groups, ^C as SIGINT, a background reader stopped by SIGTTIN,
// SIGHUP when the terminal goes.
// build: -lutil
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../guest.h"

static void onSignal(int number) { say("SIG%s\n", sigabbrev_np(number)); }

int main(void) {
  int master, slave;
  need(openpty(&master, &slave, 0, 0, 0) == 0);
  int ready[2];
  need(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(master);
    need(setsid() == getpid());
    result("TIOCSCTTY", ioctl(slave, TIOCSCTTY, 0));
    say("foreground is my group %d\n", tcgetpgrp(slave) == getpgrp());
    struct sigaction action = {.sa_handler = onSignal};
    sigaction(SIGINT, &action, 0);
    sigaction(SIGHUP, &action, 0);
    sigaction(SIGTTOU, &(struct sigaction){.sa_handler = SIG_IGN}, 0);
    sigset_t block, none;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGHUP);
    sigprocmask(SIG_BLOCK, &block, 0);
    need(write(ready[1], "i", 1) == 1);
    result("^C", sigsuspend(&none));
    char byte;
    pid_t background = fork();
    if (background == 0) {
      setpgid(0, 0);
      if (read(slave, &byte, 1) == 1) _exit(byte);
      _exit(1);
    }
    setpgid(background, background);
    int status;
    need(waitpid(background, &status, WUNTRACED) == background);
    say("background reader stopped by SIG%s\n", sigabbrev_np(WSTOPSIG(status)));
    result("tcsetpgrp", tcsetpgrp(slave, background));
    kill(background, SIGCONT);
    need(write(ready[1], "b", 1) == 1);
    reap("in the foreground it reads", background);
    result("tcsetpgrp", tcsetpgrp(slave, getpgrp()));
    need(write(ready[1], "h", 1) == 1);
    sigsuspend(&none);
    result("read after hang-up", read(slave, &byte, 1));
    _exit(0);
  }
  close(slave);
  char byte;
  need(read(ready[0], &byte, 1) == 1);
  need(write(master, "\003", 1) == 1);
  need(read(ready[0], &byte, 1) == 1);
  need(write(master, "*\n", 2) == 2);
  need(read(ready[0], &byte, 1) == 1);
  close(master);
  reap("session", child);
  return 0;
}
