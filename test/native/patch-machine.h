// Runs machine code in this process with all general registers and flags given, and takes them back when it leaves.
// For the tests of code patching; one thread.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/user.h>
#include <ucontext.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "patch/free-space.h"
#include "patch/registers.h"

// The state that code starts with and leaves behind. Offsets are known to the assembly below.
struct Machine {
  uint64_t general[16];  // by number
  uint64_t flags;
  uint64_t exit;  // by which of kExits code left
  uint64_t hostStack;
  uint64_t entry;
};

extern "C" {
extern Machine machine;
void enterMachine();
void leaveMachine0();
void leaveMachine1();
}

#define RR_MACHINE_REGISTERS(move)                                                                             \
  move(0, rax) move(8, rcx) move(16, rdx) move(24, rbx) move(40, rbp) move(48, rsi) move(56, rdi) move(64, r8) \
      move(72, r9) move(80, r10) move(88, r11) move(96, r12) move(104, r13) move(112, r14) move(120, r15)
#define RR_MACHINE_LOAD(offset, name) "mov machine+" #offset "(%rip), %" #name "\n"
#define RR_MACHINE_STORE(offset, name) "mov %" #name ", machine+" #offset "(%rip)\n"

asm(".text\n"
    "enterMachine:\n"
    "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, machine+144(%rip)\n" RR_MACHINE_REGISTERS(RR_MACHINE_LOAD)
    "pushq machine+128(%rip)\n"
    "popf\n"
    "mov machine+32(%rip), %rsp\n"
    "jmp *machine+152(%rip)\n"
    "leaveMachine0:\n"
    "movq $0, machine+136(%rip)\n"
    "jmp 1f\n"
    "leaveMachine1:\n"
    "movq $1, machine+136(%rip)\n"
    "1:\n" RR_MACHINE_REGISTERS(RR_MACHINE_STORE)
    "mov %rsp, machine+32(%rip)\n"
    "mov machine+144(%rip), %rsp\n"
    "pushf\n"
    "popq machine+128(%rip)\n"
    "cld\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
    "ret\n");

Machine machine;

namespace {

constexpr uint64_t kTrapFlag = 0x100;

[[noreturn]] inline void fail(const char* what) {
  printf("failed: %s\n", what);
  fflush(stdout);
  _Exit(1);
}

// Bytes of memory at a fixed address, until the end of the scope.
class FixedMemory {
 public:
  FixedMemory(uint64_t address, uint64_t size) : start_(address & ~0xfffull) {
    size_ = (address + size - start_ + 0xfff) & ~0xfffull;
    void* wanted = reinterpret_cast<void*>(start_);
    void* got = mmap(wanted, size_, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted) {
      printf("mmap of %" PRIx64 ", %" PRIu64 " bytes: %m\n", start_, size_);
      fail("memory at a fixed address");
    }
  }
  ~FixedMemory() { munmap(reinterpret_cast<void*>(start_), size_); }
  FixedMemory(const FixedMemory&) = delete;
  FixedMemory& operator=(const FixedMemory&) = delete;

 private:
  uint64_t start_, size_;
};

inline uint8_t* pointer(uint64_t address) { return reinterpret_cast<uint8_t*>(address); }

inline void put(uint64_t address, const std::vector<uint8_t>& bytes) {
  memcpy(pointer(address), bytes.data(), bytes.size());
}

// jmp [rip]; .quad target: to anywhere, without flags or registers.
inline std::vector<uint8_t> farJump(uint64_t target) {
  std::vector<uint8_t> code = {0xff, 0x25, 0, 0, 0, 0};
  for (int i = 0; i < 8; i++) code.push_back(static_cast<uint8_t>(target >> (8 * i)));
  return code;
}

inline uint64_t addressOf(void (*function)()) { return reinterpret_cast<uint64_t>(function); }

inline std::vector<rr::AddressRange> ownMappings() {
  std::vector<rr::AddressRange> mapped;
  FILE* maps = fopen("/proc/self/maps", "r");
  if (maps == nullptr) fail("open /proc/self/maps");
  char line[512];
  while (fgets(line, sizeof line, maps) != nullptr) {
    rr::AddressRange range;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64, &range.start, &range.end) == 2) mapped.push_back(range);
  }
  fclose(maps);
  return mapped;
}

// What a signal handler was given, in the kernel's form of ptrace.
[[maybe_unused]] inline user_regs_struct registersOf(const ucontext_t& context) {
  const greg_t* from = context.uc_mcontext.gregs;
  user_regs_struct into{};
  constexpr int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (unsigned i = 0; i < 16; i++)
    rr::registerField(into, static_cast<rr::GeneralRegister>(i)) = static_cast<uint64_t>(from[order[i]]);
  into.rip = static_cast<uint64_t>(from[REG_RIP]);
  into.eflags = static_cast<uint64_t>(from[REG_EFL]);
  return into;
}

[[maybe_unused]] inline void setRegisters(ucontext_t& context, user_regs_struct from) {
  greg_t* into = context.uc_mcontext.gregs;
  constexpr int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                           REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (unsigned i = 0; i < 16; i++)
    into[order[i]] = static_cast<greg_t>(rr::registerField(from, static_cast<rr::GeneralRegister>(i)));
  into[REG_RIP] = static_cast<greg_t>(from.rip);
  into[REG_EFL] = static_cast<greg_t>(from.eflags);
}

}  // namespace
