// A program that clears its environment and then execs: the next one starts with nothing.
#include "../guest.h"

extern char **environ;

int main(int argc, char **argv) {
  if (argc > 1) {
    say("environment is empty: %d\n", environ[0] == 0);
    execl("/bin/sh", "sh", "-c", "echo ${HOME-no home}; exit 4", (char *)0);
    return 1;
  }
  clearenv();
  char *arguments[] = {argv[0], "again", 0};
  char *nothing[] = {0};
  return result("execve", execve("/proc/self/exe", arguments, nothing));
}
