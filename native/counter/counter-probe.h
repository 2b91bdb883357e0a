// Whether this machine's processor counts retired conditional branches for us, and counts right.
#pragma once

#include <optional>
#include <string>

#include "counter/microarchitecture.h"
#include "counter/tick-counter.h"

namespace rr {

struct CounterProbe {
  ProcessorId processor;
  const Microarchitecture* microarchitecture = nullptr;  // nullptr: not in the table
  bool assumed = false;                                  // the caller named it
  bool hardwareEvents = false;                           // any event of the processor's counters works here
  std::string hardwareEventsError;
  std::optional<CounterSpec> counter;  // what to count with; nothing: `reason` tells why not
  std::string reason;
  // AMD: off as it must be, on, or not to be told; empty where it does not matter.
  std::string specLockMap;
};

// `assumedName`: a name of the table instead of what CPUID says; empty: CPUID. `cpu`: that recorded tasks are bound to,
// -1 for none. An unknown name is for the caller to check.
CounterProbe probeCounter(const std::string& assumedName, int cpu);

}  // namespace rr
