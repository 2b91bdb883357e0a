// What memory a system call writes: the interpreter of the generated system call table.
//
// It makes no ptrace call and keeps no reference to the tracee, so it can be tested on the own process. One object
// serves one task for its whole life: its vectors keep their capacity, so a call in the usual case allocates nothing, and
// restart_syscall(2) goes on with what was entered before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "record/syscall-model.h"
#include "tracee/tracee.h"

namespace rr {

struct OutRange {
  uint64_t address;
  uint64_t length;
};

// A buffer that the kernel may write, known at entry: what could be moved to scratch memory.
struct OutRegion {
  uint64_t address;
  uint64_t maximumLength;    // bytes, as the program asked: not checked against what is mapped
  int argument;              // 0 to 5: the register that holds the address; -1: the address is in memory
  uint64_t pointerLocation;  // argument -1: address of that pointer; else 0
  bool inOut;                // the kernel reads it too, or may leave a part alone: scratch must start as a copy
};

class OutParameters {
 public:
  // At system call entry. `arguments` are rdi, rsi, rdx, r10, r8, r9 as the program left them. Reads the memory that must
  // be known before the call (socklen_t, msghdr, iovec arrays); an unreadable structure counts as no out-parameter,
  // because the kernel answers EFAULT.
  void enter(long number, const uint64_t (&arguments)[6], const TraceeMemory& memory);

  // Valid until the next enter().
  const std::vector<OutRegion>& regions() const { return regions_; }

  // At exit: appends the ranges of memory that the kernel may have written; `result` is rax. A range may be longer than
  // what was written, and may end in memory that is not mapped, never the other way round: everything written is in some
  // range. `memory` must show what the program will see (after scratch memory was copied back), except for the lengths
  // that the kernel updated, which it must show too.
  void exit(int64_t result, const TraceeMemory& memory, std::vector<OutRange>& ranges) const;

  // False: what the call writes is not known, and the caller compares memory instead. exit() still tells what is known.
  bool modelled() const { return modelled_; }

  // Something that the user should know about the call that was entered, once for each number or command.
  std::optional<std::string> warning() const;

 private:
  struct Buffer {
    uint64_t address;
    uint64_t length;
  };
  // Out-parameters that need what was read at entry: `first` and `count` are a span of buffers_.
  struct Entered {
    const OutParameter* parameter;
    uint64_t address;        // of the memory written, or of the structure
    uint64_t maximumLength;  // bytes
    uint32_t firstBuffer;
    uint32_t bufferCount;
  };

  void enterParameter(const OutParameter& parameter, const TraceeMemory& memory);
  bool conditionHolds(const OutParameter& parameter) const;
  uint64_t countAtEntry(const OutParameter& parameter, const TraceeMemory& memory) const;
  void enterIovec(Entered& entered, uint64_t address, uint64_t count, const TraceeMemory& memory);
  void enterMessage(Entered& entered, uint64_t header, const TraceeMemory& memory);
  void enterMessages(Entered& entered, uint64_t count, const TraceeMemory& memory);
  void addRegion(const OutRegion& region);
  void addFilledBuffers(uint32_t first, uint32_t count, uint64_t bytes, std::vector<OutRange>& ranges) const;
  void addMessage(const Entered& entered, uint32_t firstBuffer, uint64_t header, uint64_t bytes,
                  const TraceeMemory& memory, std::vector<OutRange>& ranges) const;

  long number_ = -1;
  uint64_t arguments_[6] = {};
  const SyscallModel* model_ = nullptr;
  bool modelled_ = true;
  bool unknownCommand_ = false;
  std::vector<Entered> entered_;
  std::vector<Buffer> buffers_;
  std::vector<OutRegion> regions_;
};

}  // namespace rr
