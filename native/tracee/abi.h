// What the processor, the calling convention and the kernel's interface fix, where no header of theirs has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rr {

// `syscall`. `int 0x80` has as many bytes.
inline constexpr uint8_t kSyscallInstruction[] = {0x0f, 0x05};
inline constexpr uint64_t kSyscallLength = sizeof kSyscallInstruction;

// Bytes below rsp that leaf functions use (System V ABI, 3.2.2). What lies below them is dead.
inline constexpr uint64_t kRedZone = 128;

// TF of rflags (Intel SDM volume 1, 3.4.3.3): a trap behind the next instruction.
inline constexpr uint64_t kTrapFlag = 1 << 8;

// Of the kernel's signal sets, in bytes.
inline constexpr size_t kSignalSetSize = 8;
// struct kernel_sigaction of x86-64, as rt_sigaction takes it.
struct KernelSignalAction {
  uint64_t handler, flags, restorer, mask;
};
// Its handlers SIG_DFL and SIG_IGN.
inline constexpr uint64_t kDefaultHandler = 0;
inline constexpr uint64_t kIgnoreHandler = 1;

// PR_SET_SYSCALL_USER_DISPATCH (linux/prctl.h), since Linux 5.11.
inline constexpr int kSetUserDispatch = 59;
// SYS_USER_DISPATCH (asm-generic/siginfo.h): si_code of the SIGSYS by which a call is dispatched.
inline constexpr int kUserDispatched = 2;

}  // namespace rr
