// Tasks that compute only until another one has changed memory. Alone on a processor such a task would use up its slice
// for nothing, and the other one wait for it.
#include <string.h>
#include <sys/ptrace.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "record/execution-point.h"
#include "record/recorder.h"
#include "record/stepping.h"
#include "record/trap-disposition.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// Instructions at most of a round of a loop that waits.
constexpr int kLongestRound = 64;
// What is compared of the stack above rsp, beside the red zone below. Bytes.
constexpr uint64_t kStackWindow = 256;
// A task that computes on is looked at in one of so many turns at most.
constexpr unsigned kRarestLook = 64;

constexpr unsigned long long user_regs_struct::*kGeneral[] = {
    &user_regs_struct::rax, &user_regs_struct::rbx, &user_regs_struct::rcx, &user_regs_struct::rdx,
    &user_regs_struct::rsi, &user_regs_struct::rdi, &user_regs_struct::rbp, &user_regs_struct::rsp,
    &user_regs_struct::r8,  &user_regs_struct::r9,  &user_regs_struct::r10, &user_regs_struct::r11,
    &user_regs_struct::r12, &user_regs_struct::r13, &user_regs_struct::r14, &user_regs_struct::r15};

std::vector<uint64_t> stackOf(const Task& task, const user_regs_struct& registers) {
  std::vector<uint64_t> words((kRedZone + kStackWindow) / sizeof(uint64_t));
  if (!task.space->memory.readAll(registers.rsp - kRedZone, words.data(), words.size() * sizeof(uint64_t)))
    words.clear();
  return words;
}

// Whether a round of the loop has changed nothing but a counter: one register, and its place on the stack.
bool onlyCounts(const user_regs_struct& before, const user_regs_struct& after, const std::vector<uint64_t>& stackBefore,
                const std::vector<uint64_t>& stackAfter) {
  const auto changed = std::ranges::count_if(kGeneral, [&](auto which) { return before.*which != after.*which; });
  if (changed > 1 || before.rsp != after.rsp || stackBefore.size() != stackAfter.size()) return false;
  size_t words = 0;
  for (size_t i = 0; i < stackBefore.size(); i++) words += stackBefore[i] != stackAfter[i];
  return words <= 1;
}

}  // namespace

// Whether a task that stands in mid-code is in a short loop that waits. Takes it on by a round of it. False also where
// it came to an event, whose status is pending then.
bool Recorder::spins(Task& task) {
  const TrapUnblocked unblocked(task.tid);
  const TrapDisposition disposition(task);
  user_regs_struct begin;
  if (!getRegisters(task.tid, begin)) return lost(task), false;
  const std::vector<uint64_t> stack = stackOf(task, begin);
  user_regs_struct registers = begin;
  bool found = false;
  for (int steps = 0; !found && steps < kLongestRound; steps++) {
    uint8_t code[15] = {};
    const ssize_t got = task.space->memory.read(registers.rip, code, sizeof code);
    if (got <= 0 || (registers.eflags & kTrapFlag) || inHook(task, registers.rip) ||
        isDispatchedCall(task, registers, nullptr)) {
      break;
    }
    const SiteKind kind = examineSite({code, static_cast<size_t>(got)}).kind;
    if (kind != SiteKind::legal && kind != SiteKind::stepOver) break;
    if (!stepOnce(task, 0)) return false;
    if (!disposition.restore() || !getRegisters(task.tid, registers)) return lost(task), false;
    if (registers.rip != begin.rip) continue;
    found = onlyCounts(begin, registers, stack, stackOf(task, registers));
    break;
  }
  task.turnsBetweenLooks = found ? 1 : std::min(task.turnsBetweenLooks * 2, kRarestLook);
  if (found) debug(task, "spins at %llx", begin.rip);
  return found;
}

}  // namespace rr
