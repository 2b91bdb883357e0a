// What a recording is asked for, and how it ended.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "counter/tick-counter.h"
#include "record/scheduler.h"

namespace rr {

// Bits that cpuid does not show the program: of its answer to a leaf, eax to edx.
struct HiddenFeatures {
  uint32_t leaf;
  uint32_t subleaf;
  std::array<uint32_t, 4> bits;
};

struct RecorderOptions {
  std::string launcher;                  // path of rr-launch
  std::string program;                   // path to execute, byte for byte
  std::vector<std::string> arguments;    // argv, the program's name first
  std::vector<std::string> environment;  // NAME=VALUE
  std::string storeDirectory;
  // The file that tells the store what the recording refers to; empty: there is none.
  std::string registration;
  uint64_t ignoredSignals = 0;  // what the program inherits; bit N - 1 is signal N
  uint64_t blockedSignals = 0;
  uint64_t softFileLimit = 0;
  uint64_t hardFileLimit = 0;
  unsigned umask = 0;                     // what the program inherits, and this process has changed
  unsigned closedDescriptors = 0;         // bit N: descriptor N is closed
  std::vector<int> inheritedDescriptors;  // those that the program inherits
  int cpu = -1;                           // bound to this one; -1: unbound
  int numCores = 1;                       // that the program is told of
  bool waitForAll = false;
  Scheduler::Settings scheduling;
  int continueThroughSignal = 0;
  int ignoreSignal = 0;
  // Memory checksums: never, after system calls, after all events, every Nth, from event N on.
  enum class Checksum { never, syscalls, allEvents, every, from } checksum = Checksum::never;
  uint64_t checksumNumber = 0;
  // Stops the running task after a random time between these, again and again: for tests of execution points.
  // Nanoseconds; 0: never.
  uint64_t forceStopMinimum = 0;
  uint64_t forceStopMaximum = 0;
  // Counts each task's ticks; nothing: none are counted.
  std::optional<CounterSpec> counter;
  uint64_t sliceTicks = 0;        // the longest slice in ticks; 0: time alone ends slices
  bool syscallBuffer = true;      // record what can be without a stop
  std::vector<std::string> skip;  // patterns of executables that are left unrecorded (fnmatch(3))
  std::vector<HiddenFeatures> hiddenFeatures;
  bool weakStops = false;  // no hash of memory at forced stops: for tests
  // At which of its calls a site is patched, whatever that costs: for tests. 0: when it pays.
  unsigned patchAfter = 0;
  // Does without the trap of rdtsc, as where there is none: for tests.
  bool replaceTime = false;
  bool randomizeAddresses = false;  // leave ADDR_NO_RANDOMIZE as it is (personality(2))
  bool cpuidFaulting = true;        // make cpuid trap where it is recorded and the processor can
  bool markStdio = false;           // `[rr PID EVENT]` before what the program writes to standard output and error
  bool debugLog = false;
};

// How a recording ended.
struct RecordingEnd {
  bool started = false;  // the program was executed
  int launchStep = 0;    // else: enum LaunchStep, 0 when the launcher itself failed
  int launchError = 0;   // and errno
  int status = 0;        // wait status of the first process
  bool incomplete = false;
  uint64_t events = 0;
  uint64_t bytes = 0;  // raw records
  uint64_t ringWaits = 0;
  uint64_t ringWaitNanoseconds = 0;
};

}  // namespace rr
