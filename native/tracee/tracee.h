// One traced thread: its registers, memory, resuming and waiting, and system calls made in it by the tracer.
// Mechanism shared by the recorder and the replayer. Every call must come from the thread that attached to it.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rr {

// The page of ours in every tracee: its first bytes are `syscall; int3`.
inline constexpr uint64_t kRuntimePage = 0x70000000;
inline constexpr uint64_t kRuntimePageSize = 0x1000;
inline constexpr uint64_t kUntracedSyscall = kRuntimePage;           // address of the syscall instruction
inline constexpr uint64_t kAfterUntracedSyscall = kRuntimePage + 2;  // where it leaves rip
// Second page: data of ours that the tracer's own calls may use (paths, message headers). Only in replay.
inline constexpr uint64_t kRuntimeData = 0x70001000;
inline constexpr uint64_t kRuntimeDataSize = 0x1000;

// Memory of a process through /proc/TID/mem (reads and writes even where the protection forbids it).
class TraceeMemory {
 public:
  TraceeMemory() = default;
  ~TraceeMemory();
  TraceeMemory(const TraceeMemory&) = delete;
  TraceeMemory& operator=(const TraceeMemory&) = delete;

  // Opens the memory of `tid`; again after each exec. False with errno set.
  bool open(pid_t tid);
  // Bytes transferred, which may be fewer than asked at an unmapped page; -1 with errno when none.
  ssize_t read(uint64_t address, void* into, size_t length) const;
  ssize_t write(uint64_t address, const void* from, size_t length) const;
  // True when all bytes were transferred.
  bool readAll(uint64_t address, void* into, size_t length) const;
  bool writeAll(uint64_t address, const void* from, size_t length) const;
  template <typename T>
  std::optional<T> readValue(uint64_t address) const {
    T value;
    if (!readAll(address, &value, sizeof value)) return std::nullopt;
    return value;
  }
  // A NUL-terminated string of at most `limit` bytes; nothing when memory ends before the NUL.
  std::optional<std::string> readString(uint64_t address, size_t limit = 4096) const;

 private:
  pid_t tid_ = 0;
  int descriptor_ = -1;
};

// Registers and resuming. All return false (or -1) with errno as ptrace(2) left it; ESRCH: the task was killed.
bool getRegisters(pid_t tid, user_regs_struct& registers);
bool setRegisters(pid_t tid, const user_regs_struct& registers);
// The XSAVE area in the kernel's format, NT_X86_XSTATE, with FIP/FDP and init components made canonical.
bool getXsave(pid_t tid, std::vector<uint8_t>& area);
bool setXsave(pid_t tid, const uint8_t* area, size_t length);

// The signals that a stopped task blocks; nothing when it is gone.
std::optional<uint64_t> signalMask(pid_t tid);
bool setSignalMask(pid_t tid, uint64_t mask);

// Whether a status is of a stop by an interrupt of the tracer's or by job control, PTRACE_EVENT_STOP.
bool isEventStop(int status);

// Makes a system call in a stopped task through the untraced instruction, by single step (replay: no signal of the
// program is ever pending there). Registers are as before afterwards. The kernel's result, -errno on failure;
// -ESRCH when the task died.
long syscallByStep(pid_t tid, long number, const uint64_t (&arguments)[6]);
// The same with two PTRACE_SYSCALL stops and all signals blocked meanwhile (recording), through the system call
// instruction at `instruction`; a seccomp stop in between is passed over. `signal` is handed over when the task, at a
// signal stop, is resumed: it waits, being blocked.
long syscallByStops(pid_t tid, long number, const uint64_t (&arguments)[6], uint64_t instruction = kUntracedSyscall,
                    int signal = 0);

// What can be read of `reach` bytes before and behind an address; from the address on where something before it cannot.
// `start` is where it begins. Empty when nothing can be read there.
std::vector<uint8_t> readAround(const TraceeMemory& memory, uint64_t address, uint64_t reach, uint64_t& start);

// One line of /proc/TID/maps.
struct MapLine {
  uint64_t start, end, offset, inode;
  uint32_t deviceMajor, deviceMinor;
  bool readable, writable, executable, shared;
  std::string name;
};
std::vector<MapLine> readMaps(pid_t tid);

// What a process has used, in nanoseconds; of one thread of it, the kernel tells only the process itself. 0 when it is
// gone.
uint64_t processorTime(pid_t process);

// Of a checksum record: a range of memory, and its memoryChecksum.
struct ChecksumEntry {
  uint64_t start, length, checksum;
};

// Sum over non-zero pages of XXH64(page, seed = page address); see docs/events.md, "Memory checksums".
// `sparse` skips pages that were never touched (anonymous memory) by /proc/TID/pagemap.
uint64_t memoryChecksum(pid_t tid, const TraceeMemory& memory, uint64_t start, uint64_t length, bool sparse);

// To read so much costs less than to ask which pages are there. Bytes.
inline constexpr uint64_t kReadAnyway = 32 * 4096;

// The index of the first of `entries`, from `from` on, whose memory has another checksum, or that is longer than
// `limit` bytes and so is not looked at; entries.size() when there is none. Reads many at once.
size_t firstUnequalChecksum(pid_t tid, const TraceeMemory& memory, std::span<const ChecksumEntry> entries, size_t from,
                            uint64_t limit);

// Fills in the checksum of each entry; every page of them counts as touched.
void sumUp(pid_t tid, const TraceeMemory& memory, std::span<ChecksumEntry> entries);

// XXH64 as published (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
uint64_t xxh64(const void* data, size_t length, uint64_t seed);

}  // namespace rr
