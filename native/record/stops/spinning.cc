#include "record/stops/spinning.h"

#include <string.h>
#include <sys/ptrace.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "patch/instruction.h"
#include "patch/registers.h"
#include "record/signal-state/trap-disposition.h"
#include "record/stops/execution-point.h"
#include "record/stops/stepping.h"
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

// Encodings that are told apart here (Intel SDM volume 2).
constexpr uint8_t kLea = 0x8d;    // primary map: names an address, and looks at nothing
constexpr uint8_t kNop = 0x1f;    // 0f map: likewise
constexpr uint8_t kPause = 0x90;  // primary map, behind kRepeat
constexpr uint8_t kRepeat = 0xf3;
constexpr uint8_t kFsSegment = 0x64, kGsSegment = 0x65;
constexpr uint8_t kNoIndex = 4;

// Where the memory operand of the instruction at registers.rip lies. Nothing without one.
std::optional<uint64_t> operandAddress(const Instruction& instruction, user_regs_struct registers) {
  if (!instruction.hasModrm || instruction.mod == 3) return std::nullopt;
  if (instruction.map == OpcodeMap::primary && instruction.opcode == kLea) return std::nullopt;
  if (instruction.map == OpcodeMap::x0f && instruction.opcode == kNop) return std::nullopt;
  const auto value = [&](uint8_t number) { return registerField(registers, static_cast<GeneralRegister>(number)); };
  uint64_t address = ripRelativeTarget(instruction, registers.rip).value_or(instruction.displacement);
  if (instruction.hasBase) address += value(instruction.base);
  if (instruction.index != kNoIndex) address += value(instruction.index) * instruction.scale;
  if (instruction.addressSizePrefix) address = static_cast<uint32_t>(address);
  if (instruction.segmentPrefix == kFsSegment) address += registers.fs_base;
  if (instruction.segmentPrefix == kGsSegment) address += registers.gs_base;
  return address;
}

bool isPause(const Instruction& instruction) {
  return instruction.map == OpcodeMap::primary && instruction.opcode == kPause && instruction.repeatPrefix == kRepeat;
}

}  // namespace

// Once round a loop.
struct Spinning::Round {
  uint64_t begin = 0;        // address of its first instruction
  bool onlyCounted = false;  // onlyCounts
  bool pauses = false;       // it tells the processor itself that it waits
  // The words that operands named, by address, as the round met them first.
  std::map<uint64_t, uint64_t> looked;

  void meet(const TraceeMemory& memory, const user_regs_struct& registers, std::span<const uint8_t> code) {
    const DecodedInstruction decoded = decodeInstruction(code);
    if (!decoded) return;
    pauses = pauses || isPause(decoded.instruction);
    const auto address = operandAddress(decoded.instruction, registers);
    uint64_t word = 0;
    if (address && memory.read(*address, &word, sizeof word) > 0) looked.emplace(*address, word);
  }

  // Whether another round has looked at the same word, and found it as this one did.
  bool looksWhere(const Round& other) const {
    return std::ranges::any_of(looked, [&other](const auto& each) {
      const auto found = other.looked.find(each.first);
      return found != other.looked.end() && found->second == each.second;
    });
  }
};

// Nothing where the task does not come round, or something else stopped it.
std::optional<Spinning::Round> Spinning::goRound(Task& task, const TrapDisposition& disposition) {
  user_regs_struct begin;
  if (!getRegisters(task.tid, begin)) return tree_.lost(task), std::nullopt;
  const std::vector<uint64_t> stack = stackOf(task, begin);
  user_regs_struct registers = begin;
  Round round;
  round.begin = begin.rip;
  for (int steps = 0; steps < kLongestRound; steps++) {
    uint8_t code[kLongestInstruction] = {};
    const ssize_t got = task.space->memory.read(registers.rip, code, sizeof code);
    if (got <= 0 || (registers.eflags & kTrapFlag) || runtime_.inHook(task, registers.rip) ||
        runtime_.isDispatchedCall(task, registers, nullptr)) {
      return std::nullopt;
    }
    const std::span<const uint8_t> bytes(code, static_cast<size_t>(got));
    const SiteKind kind = examineSite(bytes).kind;
    if (kind != SiteKind::legal && kind != SiteKind::stepOver) return std::nullopt;
    round.meet(task.space->memory, registers, bytes);
    if (!steps_.stepOnce(task, 0)) return std::nullopt;
    if (!disposition.restore() || !getRegisters(task.tid, registers)) return tree_.lost(task), std::nullopt;
    if (registers.rip != begin.rip) continue;
    round.onlyCounted = onlyCounts(begin, registers, stack, stackOf(task, registers));
    return round;
  }
  return std::nullopt;
}

// A loop that does nothing but count computes (a delay, a volatile variable), and so does one that goes along an array:
// what it looks at is another word each time, or has another value.
bool Spinning::spins(Task& task) {
  const TrapUnblocked unblocked(task.tid);
  const TrapDisposition disposition(task);
  const auto first = goRound(task, disposition);
  bool found = first && first->onlyCounted;
  if (found && !first->pauses) {
    const auto second = goRound(task, disposition);
    found = second && second->onlyCounted && first->looksWhere(*second);
  }
  if (task.pending) return false;
  task.stops.turnsBetweenLooks = found ? 1 : std::min(task.stops.turnsBetweenLooks * 2, kRarestLook);
  if (found) log_.debug(task, "spins at %llx", static_cast<unsigned long long>(first->begin));
  return found;
}

}  // namespace rr
