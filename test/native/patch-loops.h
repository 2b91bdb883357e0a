// Random loops of short and long instructions, and what single-stepping through them shows. For the test of matchers.
#pragma once

#include <algorithm>
#include <random>

#include "patch-machine.h"
#include "patch/instruction.h"

namespace {

// A page for the loop, nothing else within 2 GB; not where AddressSanitizer has its shadow memory.
constexpr uint64_t kCode = 0x200000000000;
constexpr uint64_t kMemory = kCode + 0x2000;  // the page that r14 points to and rip-relative operands lie in
constexpr uint64_t kStackTop = kMemory + 0x800;
constexpr uint64_t kMemoryWords = 16;  // that instructions use, from kMemory on
constexpr uint64_t kCallTargets = kMemory + 0x200;
constexpr int kStackBytes = 128;  // below rsp: the red zone
constexpr uint64_t kDirectionFlag = 0x400;
constexpr uint64_t kComparedFlags = rr::kStatusFlags | kDirectionFlag;

using Bytes = std::vector<uint8_t>;

// The program's state before one instruction.
struct Step {
  user_regs_struct registers;
  uint8_t stack[kStackBytes + 16];  // from rsp - 128 on
  uint64_t memory[kMemoryWords];
  uint64_t vectors[2][2];  // xmm0 and xmm1
};

inline bool sameRegisters(user_regs_struct left, user_regs_struct right) {
  for (unsigned i = 0; i < rr::kGeneralRegisters; i++) {
    const auto which = static_cast<rr::GeneralRegister>(i);
    if (rr::registerField(left, which) != rr::registerField(right, which)) return false;
  }
  return left.rip == right.rip && ((left.eflags ^ right.eflags) & kComparedFlags) == 0;
}

struct Loop {
  Bytes code;                        // at kCode; ends with a jump to leaveMachine0
  std::vector<size_t> instructions;  // offsets of what is repeated
  uint64_t passes;
  Machine start;
  Bytes memory;  // of the page at kMemory
};

class LoopMaker {
 public:
  explicit LoopMaker(uint64_t seed) : random_(seed) {}

  uint64_t below(uint64_t limit) { return random_() % limit; }

  // `calls`: with calls in it, now and then.
  Loop make(uint64_t passes, bool calls) {
    Loop loop;
    kinds_ = calls ? 28 : 26;
    callTargets_.clear();
    loop.passes = passes;
    // movdqu xmm0, [r14 + 0x40]; movdqu xmm1, [r14 + 0x50]
    loop.code = {0xf3, 0x41, 0x0f, 0x6f, 0x46, 0x40, 0xf3, 0x41, 0x0f, 0x6f, 0x4e, 0x50};
    const size_t top = loop.code.size();
    for (uint64_t items = 4 + below(14); items > 0; items--) addItem(loop);
    add(loop, {0x49, 0x83, 0xef, 1});  // sub r15, 1
    const int64_t back = static_cast<int64_t>(top) - static_cast<int64_t>(loop.code.size() + 6);
    Bytes jump = {0x0f, 0x85};  // jnz
    append32(jump, static_cast<uint64_t>(back));
    add(loop, jump);
    const Bytes leave = farJump(addressOf(leaveMachine0));
    loop.code.insert(loop.code.end(), leave.begin(), leave.end());

    for (uint64_t& each : loop.start.general) each = random_() >> (below(4) * 16);
    loop.start.general[4] = kStackTop;
    loop.start.general[14] = kMemory;
    loop.start.general[15] = passes;
    loop.start.flags = (random_() & rr::kStatusFlags) | 2;
    loop.start.entry = kCode;
    loop.memory.resize(0x1000);
    for (uint8_t& each : loop.memory) each = static_cast<uint8_t>(random_());
    for (size_t i = 0; i < callTargets_.size(); i++)
      memcpy(&loop.memory[kCallTargets - kMemory + 8 * i], &callTargets_[i], sizeof callTargets_[i]);
    return loop;
  }

 private:
  static void append32(Bytes& code, uint64_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) code.push_back(static_cast<uint8_t>(value >> shift));
  }

  void add(Loop& loop, const Bytes& instruction) {
    loop.instructions.push_back(loop.code.size());
    loop.code.insert(loop.code.end(), instruction.begin(), instruction.end());
  }

  uint8_t byte() { return static_cast<uint8_t>(random_()); }

  // rax, rcx, rdx, rbx: also what compilers use most.
  unsigned low() { return static_cast<unsigned>(below(4)); }

  uint8_t registers(unsigned to, unsigned from) { return static_cast<uint8_t>(0xc0 | from << 3 | to); }
  uint8_t registers() { return registers(low(), low()); }
  uint8_t opcodeOf(std::initializer_list<uint8_t> choices) { return choices.begin()[below(choices.size())]; }
  // An operation between a register and memory or register: add, adc, and, sub, xor, cmp, mov.
  uint8_t loading() { return opcodeOf({0x03, 0x13, 0x23, 0x2b, 0x33, 0x3b, 0x8b}); }
  uint8_t storing() { return opcodeOf({0x01, 0x11, 0x29, 0x31, 0x89}); }

  Bytes withImmediate(Bytes code) {
    append32(code, random_());
    return code;
  }

  // An operand [rip + d] within the page of memory, for an instruction that ends behind it.
  Bytes ripRelative(const Loop& loop, Bytes code) {
    const uint64_t end = kCode + loop.code.size() + code.size() + 4;
    append32(code, kMemory + 8 * below(kMemoryWords) - end);
    return code;
  }

  // One instruction, or several that belong together.
  void addItem(Loop& loop) {
    const auto slot = static_cast<uint8_t>(-8 * static_cast<int>(1 + below(14)));  // of the red zone
    const auto word = static_cast<uint8_t>(8 * below(kMemoryWords));
    switch (below(kinds_)) {
      case 0:  // cmc, clc, stc, cwde, cdq, lahf
        return add(loop, {opcodeOf({0xf5, 0xf8, 0xf9, 0x98, 0x99, 0x9f})});
      case 1:  // xchg eax, register
        return add(loop, {static_cast<uint8_t>(0x90 | low())});
      case 2:  // push, pop
        add(loop, {static_cast<uint8_t>(0x50 | low())});
        return add(loop, {static_cast<uint8_t>(0x58 | low())});
      case 3:
        return add(loop, {storing(), registers()});
      case 4:  // rol, ror, rcl, rcr by one
        return add(loop, {0xd1, static_cast<uint8_t>(0xc0 | below(4) << 3 | low())});
      case 5: {  // jcc over an instruction
        const Bytes skipped = {0x48, storing(), registers()};
        add(loop, {static_cast<uint8_t>(0x70 | below(16)), static_cast<uint8_t>(skipped.size())});
        return add(loop, skipped);
      }
      case 6:  // jmp, jrcxz, loop to the next instruction
        return add(loop, {opcodeOf({0xeb, 0xe3, 0xe2, 0xe1, 0xe0}), 0});
      case 7:
        return add(loop, {0x48, storing(), registers()});
      case 8:  // lea eax, [rcx + rbx]
        return add(loop, {0x8d, 0x04, 0x19});
      case 9:  // setcc
        return add(loop, {0x0f, static_cast<uint8_t>(0x90 | below(16)), static_cast<uint8_t>(0xc0 | low())});
      case 10:
        return add(loop, {0x48, 0x83, static_cast<uint8_t>(0xc0 | below(8) << 3 | low()), byte()});
      case 11:  // imul
        return add(loop, {0x48, 0x0f, 0xaf, registers()});
      case 12:  // paddq xmm0, xmm1 and the other way round
        return add(loop, {0x66, 0x0f, 0xd4, opcodeOf({0xc1, 0xc8})});
      case 13:  // from or to memory by r14
        return add(loop, {0x49, opcodeOf({0x01, 0x03, 0x29, 0x2b}), static_cast<uint8_t>(0x46 | low() << 3), word});
      case 14:  // add eax, imm32
        return add(loop, withImmediate({0x05}));
      case 15:  // mov register, imm32
        return add(loop, withImmediate({static_cast<uint8_t>(0xb8 | low())}));
      case 16:  // from the red zone
        return add(loop, {0x48, loading(), static_cast<uint8_t>(0x44 | low() << 3), 0x24, slot});
      case 17:  // to the red zone
        return add(loop, {0x48, storing(), static_cast<uint8_t>(0x44 | low() << 3), 0x24, slot});
      case 18:  // jmp rel32 to the next instruction
        return add(loop, {0xe9, 0, 0, 0, 0});
      case 19:  // jcc rel32 to the next instruction
        return add(loop, {0x0f, static_cast<uint8_t>(0x80 | below(16)), 0, 0, 0, 0});
      case 20:
        return add(loop, ripRelative(loop, {loading(), static_cast<uint8_t>(0x05 | low() << 3)}));
      case 21:
        return add(loop, ripRelative(loop, {0x48, storing(), static_cast<uint8_t>(0x05 | low() << 3)}));
      case 22:
        return add(loop, withImmediate({0x48, 0x81, static_cast<uint8_t>(0xc0 | below(8) << 3 | low())}));
      case 23:  // mov rax, [rsp - 40], with a displacement of 32 bits
        return add(loop, {0x48, 0x8b, 0x84, 0x24, 0xd8, 0xff, 0xff, 0xff});
      case 24:  // mov dword [rsp + d], imm32
        return add(loop, withImmediate({0xc7, 0x44, 0x24, slot}));
      case 25: {  // a loop in the loop: mov eax, n; two operations; dec or sub; jnz
        add(loop, {0xb8, static_cast<uint8_t>(1 + below(3)), 0, 0, 0});
        const size_t top = loop.code.size();
        add(loop, {0x49, opcodeOf({0x01, 0x29}), static_cast<uint8_t>(0x46 | (1 + below(3)) << 3), word});
        add(loop, {opcodeOf({0x11, 0x39}), registers(static_cast<unsigned>(1 + below(3)), low())});
        if (below(2) == 0) {
          add(loop, {0xff, 0xc8});  // dec eax
        } else {
          add(loop, {0x83, 0xe8, 1});  // sub eax, 1
        }
        const int64_t back = static_cast<int64_t>(top) - static_cast<int64_t>(loop.code.size() + 2);
        return add(loop, {0x75, static_cast<uint8_t>(back)});
      }
      case 26:  // call the next instruction, which takes the return address away
        add(loop, {0xe8, 0, 0, 0, 0});
        return add(loop, {static_cast<uint8_t>(0x58 | low())});
      default: {  // the same through memory
        Bytes call = {0xff, 0x15};
        const uint64_t pointerAt = kCallTargets + 8 * callTargets_.size();
        append32(call, pointerAt - (kCode + loop.code.size() + 6));
        add(loop, call);
        callTargets_.push_back(kCode + loop.code.size());
        return add(loop, {static_cast<uint8_t>(0x58 | low())});
      }
    }
  }

  std::mt19937_64 random_;
  uint64_t kinds_ = 0;                 // of items, those with calls last
  std::vector<uint64_t> callTargets_;  // what indirect calls read at kCallTargets
};

// How the code at kCode runs: a handler that is called at each SIGTRAP and SIGSEGV, with the context to look at and
// change. One at a time.
class TrapHandler {
 public:
  virtual void trapped(ucontext_t& context, int signal) = 0;
  static TrapHandler* current;

  // Once, before the first run. Handlers have a stack of their own: the code's red zone is not theirs.
  static void install() {
    static uint8_t stack[1 << 16];
    const stack_t alternate = {.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
    struct sigaction action = {};
    action.sa_sigaction = [](int signal, siginfo_t*, void* context) {
      if (current == nullptr) {
        printf("signal %d at %llx\n", signal, static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
        fail("a signal without a handler");
      }
      current->trapped(*static_cast<ucontext_t*>(context), signal);
    };
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (sigaltstack(&alternate, nullptr) != 0 || sigaction(SIGTRAP, &action, nullptr) != 0 ||
        sigaction(SIGSEGV, &action, nullptr) != 0)
      fail("installing the trap handler");
  }

 protected:
  ~TrapHandler() = default;
};

TrapHandler* TrapHandler::current = nullptr;

struct Result {
  Machine state;
  Bytes memory;
  bool operator==(const Result& other) const {
    return memcmp(state.general, other.state.general, sizeof state.general) == 0 &&
           ((state.flags ^ other.state.flags) & kComparedFlags) == 0 && memory == other.memory;
  }
};

// Runs what stands at kCode with the loop's state and memory.
inline Result run(const Loop& loop, TrapHandler* handler, bool singleStep) {
  memcpy(pointer(kMemory), loop.memory.data(), loop.memory.size());
  machine = loop.start;
  if (singleStep) machine.flags |= kTrapFlag;
  TrapHandler::current = handler;
  enterMachine();
  TrapHandler::current = nullptr;
  return {machine, Bytes(pointer(kMemory), pointer(kMemory) + loop.memory.size())};
}

// Single-steps the loop and keeps the state before every instruction that is repeated.
class Tracer final : public TrapHandler {
 public:
  explicit Tracer(const Loop& loop) : loop_(loop) {}
  std::vector<Step> steps;

  void trapped(ucontext_t& context, int) override {
    const user_regs_struct registers = registersOf(context);
    const uint64_t offset = registers.rip - kCode;
    if (offset >= loop_.instructions.front() && offset <= loop_.instructions.back()) {
      Step step{};
      step.registers = registers;
      memcpy(step.stack, pointer(registers.rsp - kStackBytes), sizeof step.stack);
      memcpy(step.memory, pointer(kMemory), sizeof step.memory);
      for (int i = 0; i < 2; i++) memcpy(step.vectors[i], &context.uc_mcontext.fpregs->_xmm[i], 16);
      steps.push_back(step);
    } else if (offset > loop_.instructions.back() && offset < loop_.code.size()) {
      context.uc_mcontext.gregs[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
    }
  }

 private:
  const Loop& loop_;
};

}  // namespace
