// What memory a system call writes: the interpreter of the generated system call table.
//
// It makes no ptrace call and keeps no reference to the tracee, so it can be tested on the own process. One object
// serves one task for its whole life: its vectors keep their capacity, so that a call in the usual case allocates
// nothing.
#pragma once

#include <sys/socket.h>

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
  bool readOnly = false;     // the kernel only reads it, and follows pointers in it to regions that come after this one
};

class OutParameters {
 public:
  // At system call entry. `arguments` are rdi, rsi, rdx, r10, r8, r9 as the program left them. Reads the memory that
  // must be known before the call (socklen_t, msghdr, iovec arrays). A structure that cannot be read counts as no
  // out-parameter: the kernel answers EFAULT. restart_syscall(2) goes on with what was entered before; it is not
  // entered.
  void enter(long number, const uint64_t (&arguments)[6], const TraceeMemory& memory);

  // Valid until the next enter().
  const std::vector<OutRegion>& regions() const { return regions_; }

  // At exit: appends the ranges of memory that the kernel may have written; `result` is rax. All that was written is in
  // some range; a range may be longer than what was written, and may reach into memory that is not mapped, so the
  // caller must not allocate by its length. `memory` must show the lengths that the kernel updated where the program
  // put them.
  void exit(int64_t result, const TraceeMemory& memory, std::vector<OutRange>& ranges) const;

  // False: what the call writes is not known, and the caller compares memory. exit() still tells what is known.
  bool modelled() const { return modelled_; }

  // What the user should know about the call that was entered; the caller says it once.
  std::optional<std::string> warning() const;

 private:
  // An out-parameter of this call, as far as it is known at entry.
  struct Entered {
    const OutParameter* parameter;
    uint64_t address;        // of the memory written, or of the structure that says where
    uint64_t maximumLength;  // bytes
  };
  struct Buffer {
    uint64_t address;
    uint64_t length;
  };
  // What a msghdr said at entry.
  struct Message {
    Buffer name, control;
  };

  void enterParameter(const OutParameter& parameter, const TraceeMemory& memory);
  bool conditionHolds(const OutParameter& parameter) const;
  uint64_t maximumLength(const OutParameter& parameter, const TraceeMemory& memory) const;
  uint64_t argumentCount(const OutParameter& parameter) const;
  std::optional<uint64_t> memoryCount(const OutParameter& parameter, const TraceeMemory& memory) const;
  uint64_t writtenLength(const Entered& entered, int64_t result, const TraceeMemory& memory) const;
  // families/ioctl.cc
  void enterUnlistedIoctl(uint32_t request);
  // families/iovec.cc
  bool enterIovec(uint64_t array, uint64_t count, int argument, uint64_t pointerLocation, const TraceeMemory& memory);
  void addBuffers(const OutRegion& array, const std::vector<Buffer>& buffers);
  void exitIovec(uint64_t bytes, std::vector<OutRange>& ranges) const;
  // families/message.cc
  void enterMessage(uint64_t header, const TraceeMemory& memory);
  void enterMessages(uint64_t array, uint64_t count, const TraceeMemory& memory);
  Message addMessage(uint64_t header, const msghdr& message);
  void exitMessage(uint64_t header, uint64_t bytes, const TraceeMemory& memory, std::vector<OutRange>& ranges) const;

  long number_ = -1;
  uint64_t arguments_[6] = {};
  bool modelled_ = true;
  bool unlistedCommand_ = false;
  Message message_ = {};
  std::vector<Entered> entered_;
  std::vector<Buffer> buffers_;  // of the one iovec array that a call has
  std::vector<OutRegion> regions_;
};

}  // namespace rr
