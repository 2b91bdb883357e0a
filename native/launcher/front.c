#include "launcher/front.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/kernel-action.h"
#include "launcher/nested.h"

enum { kSignalCount = 64 };

static uint64_t ignoredSignals(void) {
  uint64_t ignored = 0;
  for (int number = 1; number <= kSignalCount; number++) {
    struct KernelAction action;
    if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) != 0) continue;
    if (action.handler == (uint64_t)SIG_IGN) ignored |= 1ULL << (number - 1);
  }
  return ignored;
}

// The set that was blocked; none is afterwards.
static uint64_t unblockSignals(void) {
  const uint64_t none = 0;
  uint64_t blocked = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, &blocked, sizeof none);
  return blocked;
}

static unsigned closedDescriptors(void) {
  unsigned closed = 0;
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) closed |= 1U << descriptor;
  }
  return closed;
}

// The descriptors that a program executed now would inherit, as decimal numbers with a comma behind each; the rest is
// left out when there are more than fit.
static void inheritedDescriptors(char *text, size_t capacity) {
  size_t length = 0;
  text[0] = 0;
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) {
    snprintf(text, capacity, "0,1,2,");
    return;
  }
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    const int descriptor = atoi(entry->d_name);
    const int flags = fcntl(descriptor, F_GETFD);
    if (descriptor == dirfd(folder) || flags < 0 || (flags & FD_CLOEXEC) != 0) continue;
    const int written = snprintf(text + length, capacity - length, "%d,", descriptor);
    if (written < 0 || (size_t)written >= capacity - length) {
      text[length] = 0;
      break;
    }
    length += (size_t)written;
  }
  closedir(folder);
}

// Renames each NODE_* to _RR_NODE_*, in its place. Variables that have such a name already are dropped. False when
// memory is short.
static int hideNodeVariables(void) {
  static const char hidden[] = "_RR_NODE_";
  char **to = environ;
  for (char **from = environ; *from != NULL; from++) {
    if (strncmp(*from, hidden, sizeof hidden - 1) == 0) continue;
    char *variable = *from;
    if (strncmp(variable, "NODE_", 5) == 0 && asprintf(&variable, "_RR_%s", *from) < 0) return 0;
    *to++ = variable;
  }
  *to = NULL;
  return 1;
}

static int reportFailure(const char *what, const char *name) {
  const int error = errno;
  fprintf(stderr, "rr: cannot %s %s: %s\n", what, name, strerror(error));
  return error == ENOENT ? 127 : 126;
}

// The package's folder: two above that of the executable, wherever links to it lie. False when it cannot be told.
static int findPackage(char *path, size_t capacity) {
  const ssize_t length = readlink("/proc/self/exe", path, capacity - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  for (int i = 0; i < 3; i++) {
    char *slash = strrchr(path, '/');
    if (slash == NULL) return 0;
    *slash = 0;
  }
  return 1;
}

int runFront(int argc, char **argv) {
  static char script[PATH_MAX + sizeof "/dist/rr.cjs"];
  if (!findPackage(script, PATH_MAX)) return reportFailure("read", "/proc/self/exe");
  const size_t rootLength = strlen(script);
  strcpy(script + rootLength, "/dist/rr.cjs");
  if (access(script, R_OK) != 0) {
    fprintf(stderr, "rr: %s: %s; run `npm ci` in %.*s\n", script, strerror(errno), (int)rootLength, script);
    return 1;
  }
  const char *outer = getenv("RUNNING_UNDER_RR");
  if (outer != NULL && strcmp(outer, "1") == 0) {
    const int status = forkNested(argc, argv);
    if (status != 0) return status;
  }
  const unsigned closed = closedDescriptors();
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return reportFailure("read", "RLIMIT_NOFILE");

  char state[128];
  snprintf(state, sizeof state, "%llx:%llx:%llx:%llx:%x", (unsigned long long)ignoredSignals(),
           (unsigned long long)unblockSignals(), (unsigned long long)files.rlim_cur, (unsigned long long)files.rlim_max,
           closed);
  if (setenv("_RR_FRONT", state, 1) != 0) return reportFailure("set", "_RR_FRONT");

  static char descriptors[65536];
  inheritedDescriptors(descriptors, sizeof descriptors);
  if (setenv("_RR_DESCRIPTORS", descriptors, 1) != 0) return reportFailure("set", "_RR_DESCRIPTORS");

  if (!hideNodeVariables()) return reportFailure("make room for", "the environment");

  // node SCRIPT ARGS...: one word more than the command line has.
  char **words = calloc((size_t)argc + 2, sizeof *words);
  if (words == NULL) return reportFailure("make room for", "the command line");
  const char *chosen = getenv("RR_NODE");
  const char *node = chosen != NULL && chosen[0] != '\0' ? chosen : "node";
  words[0] = (char *)node;
  words[1] = script;
  for (int i = 1; i < argc; i++) words[i + 1] = argv[i];
  execvp(node, words);
  const int status = reportFailure("execute", node);
  if (status == 127) fputs("rr: Node 20 or newer must be in the PATH, or named by RR_NODE\n", stderr);
  return status;
}
