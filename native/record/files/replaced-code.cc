#include "record/files/replaced-code.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <optional>

#include "record/call-result.h"
#include "record/named-pages.h"

namespace rr {

void ReplacedCode::replaceRandom(Task& task, LinkedFile& file, const MappingFacts& facts) {
  if (!(facts.protection & PROT_EXEC) || (facts.flags & MAP_TYPE) != MAP_PRIVATE) return;
  const OtherInstructions others = {.time = !timeTraps_, .identity = identityReplaced_};
  for (const ReplacedByte& byte : randomInstructions_.inFile(file, facts.offset, facts.length, others)) {
    const uint64_t address = facts.address + byte.offset;
    if (!task.space->memory.writeAll(address, &byte.value, sizeof byte.value)) return tree_.lost(task);
    writer_.memory(task.tid, task.space->memory, address, sizeof byte.value);
    task.space->replaced[address] = byte.value;
  }
}

// Where the file's own byte has come back, it is replaced again. False when there is no memory any more.
bool ReplacedCode::replaceAgain(const Task& task, uint64_t address, uint8_t value) {
  const auto now = task.space->memory.readValue<uint8_t>(address);
  if (now == replacedBy(value)) {
    task.space->memory.writeAll(address, &value, sizeof value);
    writer_.memory(task.tid, task.space->memory, address, sizeof value);
  }
  return now.has_value();
}

void ReplacedCode::noteReplacedCode(Task& task, const user_regs_struct& registers) {
  std::map<uint64_t, uint8_t>& replaced = task.space->replaced;
  if (replaced.empty()) return;
  const uint64_t(&arguments)[6] = task.arguments;
  const auto take = [&](uint64_t start, uint64_t length) {
    const std::optional<AddressRange> range = namedPages(start, length);
    if (!range) return std::map<uint64_t, uint8_t>();
    const auto first = replaced.lower_bound(range->start);
    const auto last = replaced.lower_bound(range->end);
    const std::map<uint64_t, uint8_t> taken(first, last);
    replaced.erase(first, last);
    return taken;
  };
  const auto keep = [&](uint64_t address, uint8_t value) {
    if (replaceAgain(task, address, value)) replaced[address] = value;
  };
  const bool failed = isFailure(static_cast<int64_t>(registers.rax));
  switch (task.call) {
    case SYS_munmap:
      if (!failed) take(arguments[0], arguments[1]);
      return;
    case SYS_mmap:
      if (!failed) take(registers.rax, arguments[1]);
      return;
    case SYS_madvise:
      // Also when it has failed half-way.
      for (const auto& [address, value] : take(arguments[0], arguments[1])) keep(address, value);
      return;
    case SYS_mremap: {
      if (failed) return;
      const std::map<uint64_t, uint8_t> moved = take(arguments[0], arguments[1]);
      take(registers.rax, arguments[2]);
      for (const auto& [address, value] : moved) {
        keep(address, value);
        keep(address - arguments[0] + registers.rax, value);
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace rr
