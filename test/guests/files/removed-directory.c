// A program whose current directory is gone.
#include "../guest.h"

int main(void) {
  need(mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
  char buffer[4096];
  result("getcwd", syscall(SYS_getcwd, buffer, sizeof buffer));
  result("create", open("file", O_CREAT | O_WRONLY, 0644));
  result("open .", open(".", O_RDONLY));
  struct stat status;
  result("stat .", stat(".", &status));
  say("links %ld\n", (long)status.st_nlink);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", "echo shell in a removed directory; cd / && pwd", (char *)0);
    _exit(1);
  }
  reap("shell", child);
  result("chdir ..", chdir(".."));
  return 0;
}
