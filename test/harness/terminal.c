// Runs a command on a terminal of its own: terminal COMMAND...
//
// What comes on standard input is typed line by line, each when the command has written as many lines as were typed
// before it; then end of file (^D). What the command writes goes to standard output. The terminal neither echoes nor
// changes what is written, so that the output is the command's alone. Ends as the command does.
// build: -lutil

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static void fail(const char *what) {
  perror(what);
  exit(125);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s COMMAND...\n", argv[0]);
    return 125;
  }
  struct termios settings;
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  int master, slave;
  if (openpty(&master, &slave, NULL, NULL, &size) < 0) fail("openpty");
  tcgetattr(slave, &settings);
  settings.c_lflag &= ~ECHO;
  settings.c_oflag &= ~OPOST;
  tcsetattr(slave, TCSANOW, &settings);
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    close(master);
    if (login_tty(slave) < 0) fail("login_tty");
    execvp(argv[1], argv + 1);
    fail(argv[1]);
  }
  close(slave);
  char *line = NULL;
  size_t room = 0;
  long typed = 0, written = 0;
  for (int open = 1;;) {
    while (open && typed <= written) {
      ssize_t length = getline(&line, &room, stdin);
      if (length < 0) {
        line = "\004";
        length = 1;
        open = 0;
      }
      if (write(master, line, length) != length) fail("write to the terminal");
      typed++;
    }
    char output[4096];
    ssize_t length = read(master, output, sizeof output);
    if (length <= 0) break;  // EIO: nobody has the terminal open any more
    for (ssize_t i = 0; i < length; i++) written += output[i] == '\n';
    for (ssize_t done = 0; done < length;) {
      ssize_t part = write(1, output + done, length - done);
      if (part < 0) fail("write to standard output");
      done += part;
    }
  }
  int status;
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  return WEXITSTATUS(status);
}
