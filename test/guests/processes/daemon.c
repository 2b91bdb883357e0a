// A daemon that forks twice and ends after its starter did; the pipe tells when.
#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    need(setsid() == getpid());
    if (fork() != 0) _exit(0);
    need(chdir("/") == 0);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    char text[100];
    int length = snprintf(text, sizeof text, "daemon: leads its session %d", getsid(0) == getpid());
    need(write(ends[1], text, length) == length);
    _exit(0);
  }
  close(ends[1]);
  reap("starter", child);
  char text[100];
  long size, total = 0;
  while ((size = read(ends[0], text + total, sizeof text - total)) > 0) total += size;
  say("%.*s\n", (int)total, text);
  return 0;
}
