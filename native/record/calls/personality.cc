#include "record/calls/personality.h"

#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <string>

#include "record/call-result.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// Asks, and sets nothing.
constexpr uint32_t kAsk = 0xffffffff;
// /proc/PID/personality: eight hexadecimal digits and a newline (proc_pid_personality in the kernel's fs/proc/base.c).
constexpr uint64_t kFileSize = 9;
// Which of them has ADDR_NO_RANDOMIZE, and as which bit.
constexpr uint64_t kDigit = 3;
constexpr unsigned kDigitBit = ADDR_NO_RANDOMIZE >> 16;
static_assert(ADDR_NO_RANDOMIZE == kDigitBit << 4 * (kFileSize - 2 - kDigit));

// Neither changes it otherwise. Negative errno on failure.
long setPersonality(const Task& task, uint32_t value, uint64_t instruction = kUntracedSyscall) {
  const uint64_t arguments[6] = {value, 0, 0, 0, 0, 0};
  return syscallByStops(task.tid, SYS_personality, arguments, instruction);
}

}  // namespace

void Personality::learn(Task& task, uint64_t vdsoStart) {
  if (options_.randomizeAddresses || vdsoStart == 0 || vdso_.syscallOffset() == 0) return;
  const int own = ::personality(kAsk);
  if (own < 0 || (own & ADDR_NO_RANDOMIZE) != 0) return;
  const long value = setPersonality(task, kAsk, vdsoStart + vdso_.syscallOffset());
  task.fixedAddresses = value >= 0 && (value & ADDR_NO_RANDOMIZE) != 0;
}

void Personality::exit(Task& task, user_regs_struct& registers) {
  if (!task.fixedAddresses) return;
  registers.rax &= ~static_cast<unsigned long long>(ADDR_NO_RANDOMIZE);
  if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  const auto value = static_cast<uint32_t>(task.arguments[0]);
  if (value == kAsk) return;
  // From here on it is the program's own wish, which it may take back.
  if (value & ADDR_NO_RANDOMIZE)
    task.fixedAddresses = false;
  else if (!task.space->runtimePage || setPersonality(task, value | ADDR_NO_RANDOMIZE) < 0)
    task.fixedAddresses = false;
}

void Personality::giveBack(const Task& task, uint64_t instruction) const {
  if (!task.fixedAddresses) return;
  const long value = setPersonality(task, kAsk, instruction);
  if (value < 0 || setPersonality(task, static_cast<uint32_t>(value & ~long{ADDR_NO_RANDOMIZE}), instruction) < 0)
    log_.debug(task, "its addresses stay fixed");
}

void Personality::show(const Task& task, int64_t result) const {
  if (result <= 0 || result > static_cast<int64_t>(kFileSize)) return;
  const uint64_t length = static_cast<uint64_t>(result);
  const uint64_t address = task.placeOf(task.arguments[1]);
  std::string text(length, 0);
  if (!task.space->memory.readAll(address, text.data(), length)) return;
  if (text.find_first_not_of("0123456789abcdef\n") != std::string::npos) return;
  const int descriptor = static_cast<int>(task.arguments[0]);
  const Task* const told = tree_.find(taskOfFile(task.tid, descriptor, "personality"));
  if (!told || !told->fixedAddresses) return;
  uint64_t start = task.arguments[3];
  if (task.call == SYS_read) start = descriptorPosition(task.tid, descriptor).value_or(0) - length;
  const uint64_t at = kDigit - start;
  if (at >= length) return;
  const unsigned digit = static_cast<unsigned>(std::stoi(text.substr(at, 1), nullptr, 16)) & ~kDigitBit;
  text[at] = "0123456789abcdef"[digit];
  task.space->memory.writeAll(address + at, &text[at], 1);
}

}  // namespace rr
