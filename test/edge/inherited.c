// Writes what a program inherits to the file of its first argument: descriptors and their flags, umask, priority,
// directory, environment and arguments, byte for byte.
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
  char directory[4096];
  FILE *file = fopen(argv[1], "we");
  if (file == NULL) return 1;
  const int own = fileno(file);
  for (int descriptor = 0; descriptor < 4096; descriptor++) {
    const int flags = fcntl(descriptor, F_GETFD);
    if (flags < 0 || descriptor == own) continue;
    fprintf(file, "descriptor %d: flags %d, status %o\n", descriptor, flags, fcntl(descriptor, F_GETFL));
  }
  const mode_t mask = umask(0);
  fprintf(file, "umask %o, priority %d, directory %s\n", mask, getpriority(PRIO_PROCESS, 0),
          getcwd(directory, sizeof directory) ? directory : "gone");
  for (char **variable = environ; *variable != NULL; variable++) fprintf(file, "environment %s\n", *variable);
  for (int i = 2; i < argc; i++) fprintf(file, "argument %s\n", argv[i]);
  return fclose(file) == 0 ? 0 : 1;
}
