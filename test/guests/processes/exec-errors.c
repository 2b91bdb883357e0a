// execve that fails, and leaves the program as it was.
#include "../guest.h"

static void try(const char *what, const char *path, char **arguments) {
  result(what, syscall(SYS_execve, path, arguments, 0L));
}

static void make(const char *name, const void *content, size_t size, int mode) {
  int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  need(write(file, content, size) == (ssize_t)size && fchmod(file, mode) == 0);
  close(file);
}

int main(void) {
  char *arguments[] = {"program", 0};
  try("missing", pageEndString("/does/not/exist"), arguments);
  try("directory", pageEndString("/"), arguments);
  make("plain", "text\n", 5, 0644);
  try("not executable", "plain", arguments);
  make("text", "text\n", 5, 0755);
  try("no format", "text", arguments);
  make("empty", "", 0, 0755);
  try("empty", "empty", arguments);
  make("script", "#!/does/not/exist\n", 18, 0755);
  try("missing interpreter", "script", arguments);
  make("cut", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0", 20, 0755);
  try("ELF cut off", "cut", arguments);
  try("path at bad address", badAddress(), arguments);
  try("arguments at bad address", "/bin/true", badAddress());
  char *bad[] = {"true", badAddress(), 0};
  try("argument at bad address", "/bin/true", bad);
  size_t size = 200 << 10;
  char *big = malloc(size);
  memset(big, 'x', size - 1);
  big[size - 1] = 0;
  char *tooLong[] = {"true", big, 0};
  try("argument too long", "/bin/true", tooLong);
  int busy = open("busy", O_CREAT | O_RDWR, 0755);
  try("open for writing", "busy", arguments);
  close(busy);
  try("empty path", "", arguments);
  say("still the same program\n");
  return 0;
}
