// /proc/PID/personality tells what the program has set: read at once, in parts, of a child, a thread and after an exec.
#include <pthread.h>
#include <sys/personality.h>
#include <sys/uio.h>

#include "../guest.h"

static void show(const char *what, const char *path) {
  char text[16] = "";
  int file = open(path, O_RDONLY);
  if (file < 0) {
    result(what, file);
    return;
  }
  ssize_t length = read(file, text, sizeof text);
  say("%s: %zd %.8s", what, length, text);
  char byte = 0;
  lseek(file, 0, SEEK_SET);
  say(", by bytes ");
  while (read(file, &byte, 1) == 1 && byte != '\n') say("%c", byte);
  memset(text, '-', sizeof text);
  length = pread(file, text, 4, 2);
  say(", from the third %zd %.4s", length, text);
  length = pread(file, text, sizeof text, 4);
  say(", from the fifth %zd %.4s\n", length, text);
  close(file);
}

static void *inThread(void *unused_) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%ld/personality", syscall(SYS_gettid));
  show("thread", path);
  say("set in the thread: %d\n", personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT) >= 0);
  show("thread", path);
  return unused_;
}

static void showChild(const char *what) {
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) == 0 ? (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0 : 9);
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/personality", child);
  show(what, path);
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  say("and itself: %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  show("self", "/proc/self/personality");
  if (argc > 1) return 0;
  showChild("child");
  pthread_t thread;
  need(pthread_create(&thread, 0, inThread, 0) == 0);
  pthread_join(thread, 0);
  show("not set here", "/proc/self/personality");
  personality(ADDR_NO_RANDOMIZE | SHORT_INODE);
  show("set", "/proc/self/personality");
  showChild("child");
  personality(SHORT_INODE);
  show("taken back", "/proc/self/personality");
  execl("/proc/self/exe", "personality-file", "again", (char *)0);
  return 1;
}
