// execveat and fexecve, of a program, of a script, of a file without a name.
#include <sys/sendfile.h>

#include "../guest.h"

extern char **environ;

int main(void) {
  char *arguments[] = {"echo", "by", "descriptor", 0};
  int file = open("/bin/echo", O_RDONLY | O_CLOEXEC);
  pid_t child = fork();
  if (child == 0) {
    syscall(SYS_execveat, poisoned(file), "", arguments, environ, poisoned(AT_EMPTY_PATH));
    _exit(1);
  }
  reap("execveat", child);
  int directory = open("/bin", O_PATH | O_DIRECTORY);
  child = fork();
  if (child == 0) {
    syscall(SYS_execveat, poisoned(directory), pageEndString("echo"), arguments, environ, poisoned(0));
    _exit(1);
  }
  reap("execveat below a directory", child);
  child = fork();
  if (child == 0) {
    fexecve(file, arguments, environ);
    _exit(1);
  }
  reap("fexecve", child);
  int copy = memfd_create("program", MFD_CLOEXEC);
  struct stat status;
  need(fstat(file, &status) == 0 && sendfile(copy, file, 0, status.st_size) == status.st_size);
  child = fork();
  if (child == 0) {
    fexecve(copy, arguments, environ);
    _exit(1);
  }
  reap("fexecve of memory", child);
  result("bad descriptor", syscall(SYS_execveat, poisoned(99), "", arguments, environ, poisoned(AT_EMPTY_PATH)));
  result("empty path without the flag", syscall(SYS_execveat, poisoned(file), "", arguments, environ, poisoned(0)));
  return 0;
}
