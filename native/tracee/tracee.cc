#include "tracee/tracee.h"

#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ring/broken-wait.h"
#include "tracee/abi.h"
#include "tracee/process-file.h"
#include "tracee/wait-for.h"

namespace rr {

namespace {

// Largest XSAVE area that any x86-64 CPU so far has (AMX included: 11,008 bytes), with room to grow.
constexpr size_t kXsaveLimit = 32768;

// The next stop of a task that makes a call of ours. False where it has ended, or is none of ours.
bool waitInCall(pid_t tid, int& status) {
  if (!waitFor(tid, status)) return false;
  if (WIFSTOPPED(status)) return true;
  if (endedInCall) endedInCall(tid, status);
  return false;
}

void prepareCall(user_regs_struct& registers, long number, const uint64_t (&arguments)[6]) {
  registers.rip = kUntracedSyscall;
  registers.rax = static_cast<unsigned long long>(number);
  registers.orig_rax = ~0ULL;
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
}

}  // namespace

TraceeMemory::~TraceeMemory() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool TraceeMemory::open(pid_t tid) {
  if (descriptor_ >= 0) close(descriptor_);
  tid_ = tid;
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/mem", tid);
  descriptor_ = ::open(path, O_RDWR | O_CLOEXEC);
  return descriptor_ >= 0;
}

ssize_t TraceeMemory::read(uint64_t address, void* into, size_t length) const {
  // A file offset is signed: addresses in the upper half would be refused with EINVAL.
  if (static_cast<int64_t>(address) < 0) {
    errno = EFAULT;
    return -1;
  }
  size_t done = 0;
  while (done < length) {
    ssize_t count =
        pread(descriptor_, static_cast<char*>(into) + done, length - done, static_cast<off_t>(address + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return done > 0 ? static_cast<ssize_t>(done) : count;
    done += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

ssize_t TraceeMemory::write(uint64_t address, const void* from, size_t length) const {
  if (static_cast<int64_t>(address) < 0) {
    errno = EFAULT;
    return -1;
  }
  size_t done = 0;
  while (done < length) {
    ssize_t count =
        pwrite(descriptor_, static_cast<const char*>(from) + done, length - done, static_cast<off_t>(address + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return done > 0 ? static_cast<ssize_t>(done) : count;
    done += static_cast<size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

bool TraceeMemory::readAll(uint64_t address, void* into, size_t length) const {
  return read(address, into, length) == static_cast<ssize_t>(length);
}

bool TraceeMemory::writeAll(uint64_t address, const void* from, size_t length) const {
  return write(address, from, length) == static_cast<ssize_t>(length);
}

std::optional<std::string> TraceeMemory::readString(uint64_t address, size_t limit) const {
  std::string text;
  char piece[256];
  while (text.size() < limit) {
    // Up to the end of the page: the string may be the last thing before unmapped memory.
    size_t toPageEnd = 4096 - ((address + text.size()) & 4095);
    size_t wanted = std::min({sizeof piece, toPageEnd, limit - text.size()});
    ssize_t count = read(address + text.size(), piece, wanted);
    if (count <= 0) return std::nullopt;
    if (const void* end = memchr(piece, 0, static_cast<size_t>(count))) {
      text.append(piece, static_cast<size_t>(static_cast<const char*>(end) - piece));
      return text;
    }
    text.append(piece, static_cast<size_t>(count));
  }
  return text;
}

bool getRegisters(pid_t tid, user_regs_struct& registers) { return ptrace(PTRACE_GETREGS, tid, 0, &registers) == 0; }

bool setRegisters(pid_t tid, const user_regs_struct& registers) {
  if (ptrace(PTRACE_SETREGS, tid, 0, &registers) == 0) return true;
  if (errno != EIO) return false;
  // A program may load a segment base above its own half of the addresses (wrfsbase, wrgsbase); ptrace refuses to set
  // one (putreg() in arch/x86/kernel/ptrace.c). The bases are left out where they are as they should be.
  user_regs_struct now;
  if (!getRegisters(tid, now)) return false;
  if (now.fs_base != registers.fs_base || now.gs_base != registers.gs_base) {
    errno = EIO;
    return false;
  }
  iovec general{const_cast<user_regs_struct*>(&registers), offsetof(user_regs_struct, fs_base)};
  if (ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &general) != 0) return false;
  for (size_t place = offsetof(user_regs_struct, ds); place < sizeof registers; place += sizeof(long)) {
    unsigned long selector;
    memcpy(&selector, reinterpret_cast<const char*>(&registers) + place, sizeof selector);
    unsigned long was;
    memcpy(&was, reinterpret_cast<const char*>(&now) + place, sizeof was);
    if (selector != was && ptrace(PTRACE_POKEUSER, tid, place, selector) != 0) return false;
  }
  return true;
}

bool getXsave(pid_t tid, std::vector<uint8_t>& area) {
  area.resize(kXsaveLimit);
  iovec vector{area.data(), area.size()};
  if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &vector) != 0) {
    area.clear();
    return false;
  }
  area.resize(vector.iov_len);
  // FIP and FDP (bytes 8 to 23 of the legacy region) hold the last x87 instruction and operand: whether the CPU keeps
  // them differs between models (Intel SDM volume 1, 8.1.8), so they are left out.
  if (area.size() >= 24) memset(area.data() + 8, 0, 16);
  return true;
}

namespace {

// Tiles (AMX): components 17 and 18 of the XSAVE area, and where its header tells which it has (Intel SDM volume 1,
// 13.1 and 13.4.2).
constexpr uint32_t kTileConfiguration = 17;
constexpr uint64_t kTileData = 1ULL << 18;
constexpr size_t kStateBitsOffset = 512;
// In the configuration: the rows of each tile, a byte each; 0: there is no such tile (TILELOADCONFIG in volume 2).
constexpr size_t kTileRows = 48;
constexpr unsigned kTiles = 8;

// A tile that the area has configured. Nothing where it has no content of tiles.
std::optional<unsigned> configuredTile(const std::vector<uint8_t>& area) {
  uint64_t states = 0;
  uint32_t size = 0, offset = 0, ecx = 0, edx = 0;
  if (area.size() < kStateBitsOffset + sizeof states) return std::nullopt;
  memcpy(&states, area.data() + kStateBitsOffset, sizeof states);
  if ((states & kTileData) == 0 || !__get_cpuid_count(0xd, kTileConfiguration, &size, &offset, &ecx, &edx))
    return std::nullopt;
  for (unsigned tile = 0; tile < kTiles && offset + kTileRows + tile < area.size(); tile++) {
    if (area[offset + kTileRows + tile] != 0) return tile;
  }
  return std::nullopt;
}

bool setWhole(pid_t tid, const uint8_t* area, size_t length) {
  iovec vector{const_cast<uint8_t*>(area), length};
  return ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, &vector) == 0;
}

// The kernel has room for a task's tiles from its first instruction on that uses them (handle_xfd_event); a forked task
// has to use them anew (fpu_clone). So it does, by one `tilezero` in our page. False where it may not use them.
bool makeRoomForTiles(pid_t tid, std::vector<uint8_t> area) {
  const auto tile = configuredTile(area);
  if (!tile) return false;
  uint64_t states = 0;
  memcpy(&states, area.data() + kStateBitsOffset, sizeof states);
  states &= ~kTileData;
  memcpy(area.data() + kStateBitsOffset, &states, sizeof states);
  if (!setWhole(tid, area.data(), area.size())) return false;
  // tilezero tmm0 is c4 e2 7b 49 c0; int3 stands behind it.
  const uint64_t tileZero = 0xccccccc0497be2c4 | uint64_t{*tile} << (4 * 8 + 3);
  user_regs_struct saved;
  if (!getRegisters(tid, saved)) return false;
  errno = 0;
  const long code = ptrace(PTRACE_PEEKTEXT, tid, kUntracedSyscall, 0);
  if (errno != 0 || ptrace(PTRACE_POKETEXT, tid, kUntracedSyscall, tileZero) != 0) return false;
  user_regs_struct there = saved;
  there.rip = kUntracedSyscall;
  there.orig_rax = ~0ULL;
  bool made = setRegisters(tid, there);
  // At a stop in a system call the first step only leaves that.
  for (int steps = 0; made && there.rip == kUntracedSyscall && steps < 2; steps++) {
    int status;
    made = ptrace(PTRACE_SINGLESTEP, tid, 0, 0) == 0 && waitInCall(tid, status) && WSTOPSIG(status) == SIGTRAP &&
           getRegisters(tid, there);
  }
  made = made && there.rip != kUntracedSyscall;
  return ptrace(PTRACE_POKETEXT, tid, kUntracedSyscall, code) == 0 && setRegisters(tid, saved) && made;
}

}  // namespace

bool setXsave(pid_t tid, const uint8_t* area, size_t length) {
  if (setWhole(tid, area, length)) return true;
  if (errno != EINVAL) return false;
  if (!makeRoomForTiles(tid, {area, area + length})) return errno = EINVAL, false;
  return setWhole(tid, area, length);
}

long syscallByStep(pid_t tid, long number, const uint64_t (&arguments)[6]) {
  user_regs_struct saved;
  if (!getRegisters(tid, saved)) return -ESRCH;
  user_regs_struct call = saved;
  prepareCall(call, number, arguments);
  if (!setRegisters(tid, call)) return -ESRCH;
  for (;;) {
    if (ptrace(PTRACE_SINGLESTEP, tid, 0, 0) != 0) return -ESRCH;
    int status;
    if (!waitInCall(tid, status)) return -ESRCH;
    user_regs_struct after;
    if (!getRegisters(tid, after)) return -ESRCH;
    if (WSTOPSIG(status) == SIGTRAP && (status >> 16) == 0 && after.rip == kAfterUntracedSyscall) {
      if (!setRegisters(tid, saved)) return -ESRCH;
      return static_cast<long>(after.rax);
    }
    // A clone reports its event stop first; a signal from outside may come in between: both are passed over.
  }
}

// PTRACE_GETSIGMASK and PTRACE_SETSIGMASK work on the kernel's 64-bit set (ptrace(2)).
std::optional<uint64_t> signalMask(pid_t tid) {
  uint64_t mask;
  if (ptrace(PTRACE_GETSIGMASK, tid, kSignalSetSize, &mask) != 0) return std::nullopt;
  return mask;
}

bool setSignalMask(pid_t tid, uint64_t mask) { return ptrace(PTRACE_SETSIGMASK, tid, kSignalSetSize, &mask) == 0; }

bool isEventStop(int status) { return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP; }

long syscallByStops(pid_t tid, long number, const uint64_t (&arguments)[6], uint64_t instruction, int signal) {
  user_regs_struct saved;
  if (!getRegisters(tid, saved)) return -ESRCH;
  const auto mask = signalMask(tid);
  if (!mask || !setSignalMask(tid, ~0ULL)) return -ESRCH;
  user_regs_struct call = saved;
  prepareCall(call, number, arguments);
  call.rip = instruction;
  if (!setRegisters(tid, call)) return -ESRCH;
  int stops = 0;
  bool stopAgain = false;
  while (stops < 2) {
    if (ptrace(PTRACE_SYSCALL, tid, 0, std::exchange(signal, 0)) != 0) return -ESRCH;
    int status;
    if (!waitInCall(tid, status)) return -ESRCH;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      stops++;
    } else if ((status >> 16) == 0 && WSTOPSIG(status) == SIGSTOP) {
      // SIGSTOP cannot be blocked: take it out of the way, and send it again afterwards.
      stopAgain = true;
    }
  }
  user_regs_struct after;
  if (!getRegisters(tid, after)) return -ESRCH;
  if (!setRegisters(tid, saved)) return -ESRCH;
  if (!setSignalMask(tid, *mask)) return -ESRCH;
  if (stopAgain) kill(tid, SIGSTOP);
  return static_cast<long>(after.rax);
}

uint64_t processorTime(pid_t process) {
  // The clock of clock_getcpuclockid(3), which would ask the kernel first whether there is one (MAKE_PROCESS_CPUCLOCK).
  const auto clock = static_cast<clockid_t>(~static_cast<unsigned>(process) << 3 | 2);
  timespec time = {};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(time.tv_nsec);
}

std::vector<uint8_t> readAround(const TraceeMemory& memory, uint64_t address, uint64_t reach, uint64_t& start) {
  std::vector<uint8_t> bytes(2 * reach);
  start = address > reach ? address - reach : 0;
  ssize_t got = memory.read(start, bytes.data(), bytes.size());
  if (got <= static_cast<ssize_t>(address - start)) {
    start = address;
    got = memory.read(start, bytes.data(), reach);
  }
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

std::vector<MapLine> readMaps(pid_t tid) {
  std::vector<MapLine> lines;
  std::string text = readProcessFile(tid, "maps", ProcessFile::inPieces);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1);
    text[end] = 0;
    const char* const words = text.data() + at;
    at = end + 1;
    MapLine line{};
    char permissions[5] = "";
    int nameAt = 0;
    unsigned long long inode = 0;
    if (sscanf(words, "%lx-%lx %4s %lx %x:%x %llu %n", &line.start, &line.end, permissions, &line.offset,
               &line.deviceMajor, &line.deviceMinor, &inode, &nameAt) < 7) {
      continue;
    }
    line.inode = inode;
    line.readable = permissions[0] == 'r';
    line.writable = permissions[1] == 'w';
    line.executable = permissions[2] == 'x';
    line.shared = permissions[3] == 's';
    line.name = words + nameAt;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace rr
