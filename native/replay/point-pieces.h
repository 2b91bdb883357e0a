// The recorded memory of a point that is searched for, and what the task has in its place.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tracee/tracee.h"

namespace rr {

// Kept from one search to the next: to allocate its buffers costs more than to use them.
class PointPieces {
 public:
  // An aligned word of the recorded memory that is not what it was at the point, and what the samples told of it.
  struct Word {
    uint64_t address;
    uint64_t value;  // recorded
    uint64_t now;
    unsigned differed;  // at how many samples it had another value than at the point
    unsigned moved;     // and than at the sample before
    unsigned toward;    // as `moved`, with the recorded value still farther on the same way: it counts, perhaps
    bool readable;
  };

  // Begins with the pieces of another point: u64 address, u64 length, bytes padded to 8, one behind the other. Words of
  // the code at `site` do not count as words, since a jump of ours may stand there. False: they are malformed.
  bool begin(pid_t tid, const TraceeMemory& memory, std::span<const uint8_t> pieces, uint64_t site);

  // The task has run: what was read is of before.
  void forget() { isRead_ = isPartial_ = false; }
  // Whether all is as recorded; else the address of the first byte that is not. `hidden`: the program's bytes at the
  // site, where a jump of ours stands there.
  bool same(std::span<const uint8_t> hidden, uint64_t& differsAt);
  // What was recorded of the aligned word there.
  std::optional<uint64_t> recorded(uint64_t address) const;
  // Compares each word, as a sample of a state that is not the point's. `all`: also those that never differed so far;
  // else the words of these may count as equal.
  void sample(std::span<const uint8_t> hidden, bool all);
  size_t samples() const { return samples_; }
  // Calls `visit(word)` for each word that differs where the task stands, by rising address within a piece.
  template <typename Visit>
  void eachDiffering(std::span<const uint8_t> hidden, const Visit& visit) {
    if (!isPartial_) read(hidden);
    for (const Piece& piece : pieces_) {
      if (isPartial_ && !hasDiffered_[piece.span]) continue;
      eachOf(piece, [&](uint64_t address, size_t at, size_t nowAt) {
        const uint64_t value = wordAt(expected_, at);
        const uint64_t now = wordAt(now_, nowAt);
        if (value == now && piece.readable) return;
        const Use& use = uses_[at / 8];
        visit(Word{address, value, now, use.differed, use.moved, use.toward, piece.readable});
      });
    }
  }

 private:
  // Its recorded bytes are those of expected_ from `offset` on, what is there now those of now_ from `nowOffset` on.
  struct Piece {
    uint64_t address;
    size_t offset;  // with the address's lower three bits, so that a word's offset is a multiple of 8
    size_t length;
    size_t nowOffset;
    uint32_t span;  // of remote_
    bool readable;
  };
  struct Use {
    uint16_t differed = 0;
    uint16_t moved = 0;
    uint16_t toward = 0;
  };

  static uint64_t wordAt(const std::vector<uint8_t>& bytes, size_t offset) {
    uint64_t word;
    __builtin_memcpy(&word, bytes.data() + offset, sizeof word);
    return word;
  }

  // visit(address, offset in expected_, offset in now_) for each aligned word outside of the site's code.
  template <typename Visit>
  void eachOf(const Piece& piece, const Visit& visit) {
    const uint64_t end = piece.address + piece.length;
    for (uint64_t address = (piece.address + 7) & ~uint64_t{7}; address + 8 <= end; address += 8) {
      if (address + 8 > site_ && address < siteEnd_) continue;
      visit(address, piece.offset + (address - piece.address), piece.nowOffset + (address - piece.address));
    }
  }

  void planReading();
  void read(std::span<const uint8_t> hidden);
  bool readDiffering();
  void hide(std::span<const uint8_t> hidden);

  pid_t tid_ = 0;
  const TraceeMemory* memory_ = nullptr;
  uint64_t site_ = 0;
  uint64_t siteEnd_ = 0;
  bool isRead_ = false;     // now_ is of where the task stands,
  bool isPartial_ = false;  // but only where a word has differed
  size_t samples_ = 0;
  std::vector<Piece> pieces_;
  std::vector<uint8_t> expected_;
  std::vector<uint8_t> now_;
  std::vector<uint8_t> before_;  // now_ at the last sample
  std::vector<Use> uses_;        // of expected_'s words
  std::vector<uint32_t> order_;  // of the pieces by their address
  // What is read for them: pieces that share a page are read at once. And which of it has differed, of the first
  // sample.
  std::vector<iovec> remote_;
  std::vector<bool> hasDiffered_;
  std::vector<iovec> someLocal_;
  std::vector<iovec> someRemote_;
};

}  // namespace rr
