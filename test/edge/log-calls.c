// A library for LD_PRELOAD: writes each fsync and renameat of this process, with the paths, to the file $CALL_LOG.
// build: -shared -fPIC
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void note(const char *line) {
  const char *name = getenv("CALL_LOG");
  const int log = name ? open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (log < 0) return;
  dprintf(log, "%s\n", line);
  close(log);
}

static void path_of(int descriptor, char *path, size_t size) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
}

int fsync(int descriptor) {
  char path[1000];
  char line[1100];
  path_of(descriptor, path, sizeof path);
  snprintf(line, sizeof line, "fsync %s", path);
  note(line);
  return (int)syscall(SYS_fsync, descriptor);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  char from_path[1000];
  char to_path[1000];
  char line[3000];
  path_of(from_folder, from_path, sizeof from_path);
  path_of(to_folder, to_path, sizeof to_path);
  snprintf(line, sizeof line, "rename %s/%s %s/%s", from_path, from, to_path, to);
  note(line);
  return (int)syscall(SYS_renameat, from_folder, from, to_folder, to);
}
