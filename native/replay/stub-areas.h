// Memory of a replayed process that is ours, for the stubs of point searches: mapped once and used again, since mapping
// and reading /proc/PID/maps cost more than most searches. It lies where the program has nothing mapped; when the
// program maps something there, the area is given up.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/free-space.h"
#include "patch/jump.h"

namespace rr {

// Of a stub that stands beside others, bytes.
inline constexpr uint64_t kSmallStub = 512;

class StubAreas {
 public:
  struct Place {
    Jump jump;
    uint64_t code;      // where the jump leads; writable
    uint64_t capacity;  // bytes from there on
    uint64_t data;      // aligned to a page, on another page than the code
  };

  // A place for a stub that the instruction of `length` bytes at `site` can jump to: in an area of before, else in a
  // new one. `code`: the program's bytes at the site. Nothing when there is none. The process is stopped; its registers
  // are lost. A place is good for one search; the next one takes it again.
  std::optional<Place> find(pid_t tid, uint64_t site, uint8_t length, std::span<const uint8_t> code);

  // The same for one of several stubs that stand at once, which are small: beside those at `taken`. It has `room` bytes
  // of code, and kSmallStub of data.
  std::optional<Place> findBeside(pid_t tid, uint64_t site, uint8_t length, std::span<const uint8_t> code,
                                  std::span<const Place> taken, uint64_t room = kSmallStub);

  // Whether [start, end) is code that the program can change by a system call alone. Where it is not known yet,
  // /proc/PID/maps is read.
  bool isConstantCode(pid_t tid, uint64_t start, uint64_t end);

  // What is ours.
  std::vector<AddressRange> ranges() const;

  // The mappings of [start, end) are about to be changed for the program, in this process or in one that shares its
  // memory: what is ours there is unmapped. The process is stopped; its registers are lost.
  void makeRoom(pid_t tid, uint64_t start, uint64_t end);

 private:
  std::optional<Place> placeIn(uint64_t area, uint64_t site, uint8_t length, std::span<const uint8_t> code) const;

  static std::optional<Place> placeBeside(uint64_t area, uint64_t site, uint8_t length, std::span<const uint8_t> code,
                                          std::span<const Place> taken, uint64_t room);

  std::optional<uint64_t> planArea(std::span<const AddressRange> mapped, uint64_t site, uint8_t length,
                                   std::span<const uint8_t> code, bool asGood) const;

  // Maps an area there; false when it cannot be. None of those at `taken` is given up for it.
  bool mapArea(pid_t tid, uint64_t area, std::span<const Place> taken);

  void readProgram(pid_t tid);

  // Unmaps the areas that overlap [start, end).
  void unmapIn(pid_t tid, uint64_t start, uint64_t end);

  std::vector<uint64_t> areas_;        // start of each
  std::vector<AddressRange> program_;  // what else is mapped; empty: not known
  // Code that is not writable and not shared, as far as is known; and what has been found to be other code.
  std::vector<AddressRange> constant_, other_;
};

}  // namespace rr
