// Processors by CPUID, and what to know of their counters: which event counts retired conditional branches, and how
// late its interrupt may come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rr {

struct ProcessorId {
  std::string vendor;  // "GenuineIntel", "AuthenticAMD"
  std::string brand;   // as the processor calls itself; may be empty
  unsigned family = 0;
  unsigned model = 0;
  unsigned stepping = 0;
  bool hypervisor = false;
};

// Of the processor that this runs on.
ProcessorId readProcessorId();
// Family, model and stepping from EAX of CPUID leaf 1 (Intel SDM volume 2A, CPUID; AMD APM volume 3, Fn0000_0001).
void decodeSignature(uint32_t eax, ProcessorId& id);

struct Microarchitecture {
  const char* name;       // as `-A` takes it
  uint64_t event;         // configuration of a raw event: event select, unit mask << 8
  const char* eventName;  // in the vendor's lists
  // Ticks that may pass between an overflow and the stop, at most. Chosen with room to spare, not measured: too small
  // a bound is a divergence that says so, too large a one costs breakpoint stops.
  uint32_t skid;
  // Speculative locks (SpecLockMap) make the event count too much, unless bit 54 of MSR C001_1020 turns them off.
  bool specLockMap;
};

// nullptr: not in the table.
const Microarchitecture* findMicroarchitecture(const ProcessorId& id);
const Microarchitecture* findMicroarchitecture(std::string_view name);
std::span<const Microarchitecture> allMicroarchitectures();

}  // namespace rr
