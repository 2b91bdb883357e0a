#include "record/task-state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace rr {

namespace {

// A number of /proc/TID/status; 0 when it is not there.
unsigned long long statusField(pid_t tid, const char* name, int base) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/status", tid);
  FILE* file = fopen(path, "re");
  if (!file) return 0;
  const size_t length = strlen(name);
  unsigned long long value = 0;
  char line[256];
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, name, length) != 0 || line[length] != ':') continue;
    value = strtoull(line + length + 1, nullptr, base);
    break;
  }
  fclose(file);
  return value;
}

}  // namespace

char taskState(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/stat", tid);
  FILE* file = fopen(path, "re");
  if (!file) return 0;
  char text[512];
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  const char* behindName = strrchr(text, ')');
  return behindName && behindName[1] == ' ' ? behindName[2] : 0;
}

bool filtersInForce(pid_t tid) { return statusField(tid, "Seccomp", 10) == 2; }

bool ignoresSignal(pid_t tid, int signal) { return (statusField(tid, "SigIgn", 16) >> (signal - 1)) & 1; }

}  // namespace rr
