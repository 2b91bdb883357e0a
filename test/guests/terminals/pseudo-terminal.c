// A pseudo-terminal opened by the program: its settings, size, modes of input, and what passes through.
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "../guest.h"

static void drain(int master, const char *what) {
  char text[200];
  long size = 0;
  // The line may come in pieces.
  while (size == 0 || text[size - 1] != '\n') {
    long got = read(master, text + size, sizeof text - size);
    need(got > 0);
    size += got;
  }
  say("%s: ", what);
  for (long i = 0; i < size; i++) say(text[i] < 32 ? "\\x%02x" : "%c", text[i]);
  say("\n");
}

int main(void) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  need(master >= 0);
  int *number = pageEnd(sizeof *number), unlock = 0;
  result("TIOCSPTLCK", syscall(SYS_ioctl, poisoned(master), poisoned(TIOCSPTLCK), &unlock));
  result("TIOCGPTN", syscall(SYS_ioctl, poisoned(master), poisoned(TIOCGPTN), number));
  char name[40];
  snprintf(name, sizeof name, "/dev/pts/%d", *number);
  int slave = open(name, O_RDWR | O_NOCTTY);
  need(slave >= 0);
  // The kernel's own termios: 36 bytes.
  unsigned char *settings = pageEnd(36);
  result("TCGETS", syscall(SYS_ioctl, poisoned(slave), poisoned(TCGETS), settings));
  say("  %016lx\n", hashOf(settings, 36));
  result("TCGETS bad address", syscall(SYS_ioctl, poisoned(slave), poisoned(TCGETS), badAddress()));
  struct winsize size = {24, 80, 0, 0}, *sizeBack = pageEnd(sizeof *sizeBack);
  result("TIOCSWINSZ", syscall(SYS_ioctl, poisoned(master), poisoned(TIOCSWINSZ), pageEndCopy(&size, sizeof size)));
  result("TIOCGWINSZ", syscall(SYS_ioctl, poisoned(slave), poisoned(TIOCGWINSZ), sizeBack));
  say("  %d %d\n", sizeBack->ws_row, sizeBack->ws_col);
  need(write(slave, "line\n", 5) == 5);
  drain(master, "from the slave");
  need(write(master, "typed\n", 6) == 6);
  struct pollfd wait = {slave, POLLIN, 0};
  need(poll(&wait, 1, -1) == 1);
  int *count = pageEnd(sizeof *count);
  result("FIONREAD", syscall(SYS_ioctl, poisoned(slave), poisoned(FIONREAD), count));
  say("  %d\n", *count);
  char *text = pageEnd(20);
  long got = result("read a line", read(slave, text, 20));
  say("  %.*s", (int)got, text);
  drain(master, "echo");
  struct termios raw;
  tcgetattr(slave, &raw);
  cfmakeraw(&raw);
  result("tcsetattr", tcsetattr(slave, TCSANOW, &raw));
  need(write(master, "k", 1) == 1);
  result("read a key", read(slave, text, 20));
  result("TIOCOUTQ", syscall(SYS_ioctl, poisoned(slave), poisoned(TIOCOUTQ), count));
  result("isatty", isatty(slave));
  char link[40];
  snprintf(link, sizeof link, "%s", ttyname(slave));
  say("ttyname %d\n", strcmp(link, name) == 0);
  close(slave);
  result("read after hang-up", read(master, text, 20));
  return 0;
}
