#include "counter/counter-probe.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>

namespace rr {

namespace {

// PMCx025, LsLocks, unit mask 8: SpecLockMapCommit (AMD's Processor Programming Reference for family 17h).
constexpr uint64_t kSpecLockMapCommit = 0x0825;
// MSRC001_1020, Load-Store Configuration: bit 54 turns SpecLockMap off.
constexpr off_t kLoadStoreConfiguration = 0xc0011020;
constexpr uint64_t kSpecLockMapOff = 1ULL << 54;

// Retires `branches` conditional branches, and nothing else that is conditional.
void branch(uint64_t branches) { __asm__ volatile("1: dec %0; jnz 1b" : "+r"(branches)::"cc"); }

std::optional<uint64_t> countedOver(const TickCounter& counter, uint64_t branches) {
  const std::optional<uint64_t> before = counter.read();
  branch(branches);
  const std::optional<uint64_t> after = counter.read();
  if (!before || !after) return std::nullopt;
  return *after - *before;
}

// What the reads themselves add is the same each time.
std::string miscount(const TickCounter& counter) {
  constexpr uint64_t kShort = 1000;
  constexpr uint64_t kLong = 1'000'000;
  const std::optional<uint64_t> few = countedOver(counter, kShort);
  const std::optional<uint64_t> many = countedOver(counter, kLong);
  if (!few || !many) return "the counter was taken away: others use all of them";
  if (*many - *few == kLong - kShort) return {};
  return "it counts wrong: " + std::to_string(*many - *few) + " for " + std::to_string(kLong - kShort) +
         " conditional branches";
}

std::optional<bool> specLockMapOffByRegister() {
  const int file = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  uint64_t value = 0;
  const bool read = pread(file, &value, sizeof value, kLoadStoreConfiguration) == sizeof value;
  close(file);
  if (!read) return std::nullopt;
  return (value & kSpecLockMapOff) != 0;
}

// By an event that counts what must not happen.
std::optional<bool> specLockMapOffByEvent() {
  CounterSpec spec;
  spec.type = PERF_TYPE_RAW;
  spec.config = kSpecLockMapCommit;
  TickCounter commits;
  std::string error;
  if (!commits.open(0, spec, error)) return std::nullopt;
  std::atomic<int> word = 0;
  for (int i = 0; i < 1000; i++) word.fetch_add(1);
  const std::optional<uint64_t> count = commits.read();
  if (!count) return std::nullopt;
  return *count == 0;
}

// Of a file of one line; empty when there is none.
std::string readLine(const char* path) {
  std::string line;
  FILE* file = fopen(path, "re");
  if (!file) return line;
  char text[256] = {};
  if (fgets(text, sizeof text, file)) line = text;
  fclose(file);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

// Lists of the form 0-7,16.
bool listContains(const std::string& list, int number) {
  const char* at = list.c_str();
  while (*at) {
    char* end;
    const long first = strtol(at, &end, 10);
    if (end == at) return false;
    long last = first;
    if (*end == '-') last = strtol(end + 1, &end, 10);
    if (number >= first && number <= last) return true;
    at = *end == ',' ? end + 1 : end;
    if (*end != ',') break;
  }
  return false;
}

// Counts on the processor that the event is for, then goes back.
class BoundTo {
 public:
  explicit BoundTo(int cpu) {
    if (cpu < 0 || sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(cpu), &one);
    bound_ = sched_setaffinity(0, sizeof one, &one) == 0;
  }
  ~BoundTo() {
    if (bound_) sched_setaffinity(0, sizeof before_, &before_);
  }
  BoundTo(const BoundTo&) = delete;
  BoundTo& operator=(const BoundTo&) = delete;

 private:
  cpu_set_t before_;
  bool bound_ = false;
};

void probeHardwareEvents(CounterProbe& probe) {
  CounterSpec instructions;
  instructions.type = PERF_TYPE_HARDWARE;
  instructions.config = PERF_COUNT_HW_INSTRUCTIONS;
  TickCounter counter;
  probe.hardwareEvents = counter.open(0, instructions, probe.hardwareEventsError);
}

}  // namespace

CounterProbe probeCounter(const std::string& assumedName, int cpu) {
  CounterProbe probe;
  probe.processor = readProcessorId();
  probe.assumed = !assumedName.empty();
  probe.microarchitecture =
      probe.assumed ? findMicroarchitecture(std::string_view(assumedName)) : findMicroarchitecture(probe.processor);
  const BoundTo bound(cpu);
  probeHardwareEvents(probe);
  if (!probe.hardwareEvents) {
    probe.reason = probe.hardwareEventsError;
    return probe;
  }
  if (!probe.microarchitecture) {
    char text[128];
    snprintf(text, sizeof text, "%s family 0x%x model 0x%x is not in the table of processors; -A names one to assume",
             probe.processor.vendor.c_str(), probe.processor.family, probe.processor.model);
    probe.reason = text;
    return probe;
  }
  CounterSpec spec;
  spec.type = PERF_TYPE_RAW;
  spec.config = probe.microarchitecture->event;
  spec.skid = probe.microarchitecture->skid;
  // A processor with cores of two kinds has a PMU for each (Documentation/admin-guide/perf/ of the kernel).
  if (const std::string type = readLine("/sys/bus/event_source/devices/cpu_core/type"); !type.empty()) {
    if (cpu < 0 || !listContains(readLine("/sys/bus/event_source/devices/cpu_core/cpus"), cpu)) {
      probe.reason =
          "the processor has cores of two kinds: the program must be bound to a performance core"
          " (--bind-to-cpu)";
      return probe;
    }
    spec.type = static_cast<uint32_t>(atoi(type.c_str()));
  }
  TickCounter counter;
  if (!counter.open(0, spec, probe.reason)) return probe;
  if (probe.reason = miscount(counter); !probe.reason.empty()) return probe;
  if (probe.microarchitecture->specLockMap) {
    std::optional<bool> off = specLockMapOffByRegister();
    if (!off) off = specLockMapOffByEvent();
    probe.specLockMap = !off ? "unknown" : *off ? "off" : "on";
    if (off != true) {
      probe.reason = off ? "SpecLockMap is on, with which the processor counts too much: set bit 54 of MSR 0xc0011020"
                           " on all processors, as root (wrmsr -a 0xc0011020 with that bit added)"
                         : "it cannot be told whether SpecLockMap is off (bit 54 of MSR 0xc0011020; `modprobe msr` and"
                           " root show it), and with it on the processor counts too much";
      return probe;
    }
  }
  probe.counter = spec;
  return probe;
}

}  // namespace rr
