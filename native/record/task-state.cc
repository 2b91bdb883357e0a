#include "record/task-state.h"

#include <stdio.h>
#include <string.h>

namespace rr {

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

bool filtersInForce(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/status", tid);
  FILE* file = fopen(path, "re");
  if (!file) return false;
  char line[256];
  int mode = 0;
  while (fgets(line, sizeof line, file) && sscanf(line, "Seccomp: %d", &mode) != 1) continue;
  fclose(file);
  return mode == 2;
}

}  // namespace rr
