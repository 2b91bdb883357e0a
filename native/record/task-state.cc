#include "record/task-state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

namespace rr {

namespace {

FILE* openStatus(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/status", tid);
  return fopen(path, "re");
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

uint64_t addressSpaceSize(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/statm", tid);
  FILE* file = fopen(path, "re");
  if (!file) return 0;
  uint64_t pages = 0;
  if (fscanf(file, "%" SCNu64, &pages) != 1) pages = 0;
  fclose(file);
  return pages * 4096;
}

bool leadsNamespace(pid_t tid) {
  FILE* file = openStatus(tid);
  if (!file) return false;
  char line[256];
  bool leads = false;
  while (!leads && fgets(line, sizeof line, file)) {
    // Its process's number in each namespace, ours first.
    int ours;
    int behind = 0;
    if (sscanf(line, "NStgid: %d%n", &ours, &behind) != 1) continue;
    const char* last = strrchr(line + behind, '\t');
    leads = last && strcmp(last, "\t1\n") == 0;
  }
  fclose(file);
  return leads;
}

bool hasLeftMemory(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/statm", tid);
  FILE* file = fopen(path, "re");
  if (!file) return true;
  unsigned long pages = 0;
  const bool told = fscanf(file, "%lu", &pages) == 1;
  fclose(file);
  return told && pages == 0;
}

bool filtersInForce(pid_t tid) {
  FILE* file = openStatus(tid);
  if (!file) return false;
  int mode = 0;
  char line[256];
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "Seccomp: %d", &mode) == 1) break;
  }
  fclose(file);
  return mode == 2;
}

SignalSets readSignalSets(pid_t tid) {
  SignalSets sets;
  FILE* file = openStatus(tid);
  if (!file) return sets;
  char line[256];
  while (fgets(line, sizeof line, file)) {
    sscanf(line, "SigPnd: %" SCNx64, &sets.pending);
    sscanf(line, "ShdPnd: %" SCNx64, &sets.sharedPending);
    sscanf(line, "SigBlk: %" SCNx64, &sets.blocked);
    sscanf(line, "SigIgn: %" SCNx64, &sets.ignored);
    sscanf(line, "SigCgt: %" SCNx64, &sets.caught);
  }
  fclose(file);
  return sets;
}

std::string descriptorPath(pid_t tid, int fd) { return "/proc/" + std::to_string(tid) + "/fd/" + std::to_string(fd); }

namespace {

// A line of /proc/PID/fdinfo/N, by a scanf format that yields one number.
std::optional<uint64_t> descriptorFact(pid_t tid, int fd, const char* format) {
  const std::string path = "/proc/" + std::to_string(tid) + "/fdinfo/" + std::to_string(fd);
  FILE* file = fopen(path.c_str(), "re");
  if (!file) return std::nullopt;
  char line[256];
  unsigned long long value = 0;
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) found = sscanf(line, format, &value) == 1;
  fclose(file);
  return found ? std::optional<uint64_t>(value) : std::nullopt;
}

}  // namespace

std::optional<uint64_t> descriptorPosition(pid_t tid, int fd) { return descriptorFact(tid, fd, "pos: %llu"); }

std::optional<uint64_t> descriptorFlags(pid_t tid, int fd) { return descriptorFact(tid, fd, "flags: %llo"); }

}  // namespace rr
