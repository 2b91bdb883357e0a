// A descriptor that was written and read a hundred times becomes another file, by each way there is: nothing that was
// known of the old one may hold for the new one.
#include <sched.h>
#include <spawn.h>

#include "../guest.h"

extern char **environ;

static char bytes[64];

// Through one instruction each, so that a recorder that patches hot sites has patched these.
__attribute__((noinline)) static long writeTo(int descriptor, const char *text) {
  return syscall(SYS_write, descriptor, text, strlen(text));
}

__attribute__((noinline)) static long readFrom(int descriptor) {
  return syscall(SYS_read, descriptor, bytes, sizeof bytes);
}

static void useOften(int descriptor) {
  for (int i = 0; i < 100; i++) {
    writeTo(descriptor, "nothing");
    readFrom(descriptor);
  }
}

static int null(void) {
  int descriptor = open("/dev/null", O_RDWR);
  useOften(descriptor);
  return descriptor;
}

static void showBlocking(const char *how, int reader, int writer) {
  pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    writeTo(writer, "late");
    _exit(0);
  }
  memset(bytes, 0, sizeof bytes);
  long length = readFrom(reader);
  say("%s: %ld %.4s\n", how, length, bytes);
  waitpid(child, NULL, 0);
}

static int childOf(void *descriptor) {
  dup2(1, *(int *)descriptor);
  for (int i = 0; i < 3; i++) writeTo(*(int *)descriptor, "from the vforked child\n");
  close(*(int *)descriptor);
  _exit(0);
}

int main(void) {
  int descriptor = null();
  dup2(1, descriptor);
  writeTo(descriptor, "dup2\n");
  close(descriptor);

  descriptor = null();
  close(descriptor);
  result("the same number", dup(1) == descriptor);
  writeTo(descriptor, "close and dup\n");
  close(descriptor);

  descriptor = null();
  dup3(1, descriptor, O_CLOEXEC);
  writeTo(descriptor, "dup3\n");
  close(descriptor);

  descriptor = null();
  close_range(descriptor, ~0u, 0);
  int pair[2];
  result("pipe", pipe(pair));
  result("the same number", pair[0] == descriptor);
  showBlocking("close_range and pipe", pair[0], pair[1]);
  close(pair[0]);
  close(pair[1]);

  // Other descriptors in the same memory.
  descriptor = null();
  static char stack[65536] __attribute__((aligned(16)));
  pid_t child = clone(childOf, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &descriptor);
  waitpid(child, NULL, 0);
  useOften(descriptor);
  result("still null", readFrom(descriptor));
  dup2(1, descriptor);
  writeTo(descriptor, "after vfork\n");
  close(descriptor);

  // The same descriptors in other memory.
  descriptor = null();
  child = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    dup2(1, descriptor);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  writeTo(descriptor, "replaced by the child\n");

  // A file that becomes shared memory.
  descriptor = open("file", O_RDWR | O_CREAT, 0644);
  result("ftruncate", ftruncate(descriptor, 4096));
  useOften(descriptor);
  char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
  lseek(descriptor, 0, SEEK_SET);
  writeTo(descriptor, "shared memory");
  say("%.13s\n", shared);
  return 0;
}
