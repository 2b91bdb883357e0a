#include "record/runtime/known-sites.h"

#include <string.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "patch/instruction.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// mov $number, %eax: the opcode, and four bytes.
constexpr uint8_t kMove = 0xb8;
constexpr size_t kMoveLength = 5;
// xor %eax, %eax, for the number 0.
constexpr uint8_t kClear[] = {0x31, 0xc0};
// A prefix with this bit makes `mov` one of eight bytes (Intel SDM volume 2, 2.2.1).
constexpr uint8_t kWide = 0x48, kWideMask = 0xf8;
constexpr uint8_t kReturn = 0xc3;
// How far before the system call the number may be put into eax, in bytes: arguments come between.
constexpr size_t kMostBack = 24;

// Calls of the C library's start, and of most programs.
constexpr int kCommon[] = {
    SYS_read,    SYS_write,        SYS_close,     SYS_stat,       SYS_fstat,           SYS_lstat,
    SYS_lseek,   SYS_rt_sigaction, SYS_ioctl,     SYS_pread64,    SYS_access,          SYS_getpid,
    SYS_fcntl,   SYS_getcwd,       SYS_readlink,  SYS_getuid,     SYS_getgid,          SYS_geteuid,
    SYS_getegid, SYS_openat,       SYS_open,      SYS_newfstatat, SYS_clock_gettime,   SYS_gettimeofday,
    SYS_time,    SYS_getdents64,   SYS_prlimit64, SYS_getrandom,  SYS_rt_sigprocmask,  SYS_mmap,
    SYS_munmap,  SYS_mprotect,     SYS_brk,       SYS_arch_prctl, SYS_set_tid_address, SYS_set_robust_list,
};

bool isCommon(uint32_t number) {
  return std::find(std::begin(kCommon), std::end(kCommon), static_cast<int>(number)) != std::end(kCommon);
}

// True when one of the few instructions before `at`, and after it no jump, puts the number of such a call into eax.
bool makesCommonCall(std::span<const uint8_t> code, size_t at) {
  if (at >= sizeof kClear && memcmp(&code[at - sizeof kClear], kClear, sizeof kClear) == 0) return isCommon(0);
  for (size_t back = kMoveLength; back <= kMostBack && back < at; back++) {
    const size_t start = at - back;
    if (code[start] != kMove || (code[start - 1] & kWideMask) == kWide) continue;
    uint32_t number;
    memcpy(&number, &code[start + 1], sizeof number);
    size_t next = start + kMoveLength;
    while (next < at) {
      const auto between = decodeInstruction(code.subspan(next));
      if (!between || between.instruction.kind != InstructionKind::plain) break;
      next += between.instruction.length;
    }
    if (next == at && isCommon(number)) return true;
  }
  return false;
}

// cmp $-4096 or $-4095, %rax or %eax (what is greater is an error); or ret.
bool looksAtResult(std::span<const uint8_t> behind) {
  if (behind.empty()) return false;
  if (behind[0] == kReturn) return true;
  const size_t at = behind[0] == kWide ? 1 : 0;
  if (behind.size() < at + 5 || behind[at] != 0x3d || behind[at + 1] > 1) return false;
  constexpr uint8_t kHighBytes[] = {0xf0, 0xff, 0xff};
  return memcmp(&behind[at + 2], kHighBytes, sizeof kHighBytes) == 0;
}

}  // namespace

std::vector<uint64_t> commonSites(std::span<const uint8_t> code) {
  std::vector<uint64_t> found;
  const uint8_t* at = code.data();
  const uint8_t* const end = at + code.size();
  while ((at = static_cast<const uint8_t*>(
              memmem(at, static_cast<size_t>(end - at), kSyscallInstruction, sizeof kSyscallInstruction)))) {
    const auto offset = static_cast<size_t>(at - code.data());
    at += kSyscallLength;
    if (makesCommonCall(code, offset) && looksAtResult(code.subspan(offset + kSyscallLength))) found.push_back(offset);
  }
  return found;
}

}  // namespace rr
