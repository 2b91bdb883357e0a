// Which pages of an address space were written since they were last asked for: the kernel write-protects them, and
// notes the first write to each (userfaultfd's WP_ASYNC and PAGEMAP_SCAN, Linux 6.7). About 1 us for that first write.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tracee/tracee.h"

namespace rr {

struct PageRun {
  uint64_t start, end;  // addresses
};

// Both of two ascending lists; what they have in common.
std::vector<PageRun> unionOf(std::span<const PageRun> a, std::span<const PageRun> b);
std::vector<PageRun> intersectionOf(std::span<const PageRun> a, std::span<const PageRun> b);

class WrittenPages {
 public:
  WrittenPages() = default;
  ~WrittenPages();
  WrittenPages(const WrittenPages&) = delete;
  WrittenPages& operator=(const WrittenPages&) = delete;

  // Asks the kernel to watch the address space of `tid`, a stopped task of process `threadGroup`, by a few system calls
  // in it. The first call counts; false when the kernel has no such thing, or refuses it.
  bool watch(pid_t tid, pid_t threadGroup);

  enum class Since { restart, ever };
  // Runs of pages in the private ones of `maps` that hold a content of their own, which no file gives, and were written
  // since restart() was called last; all of them before that, where memory is not watched, and for `ever`. Nothing when
  // the kernel cannot tell.
  std::optional<std::vector<PageRun>> find(pid_t tid, std::span<const MapLine> maps,
                                           Since since = Since::restart) const;
  // restart() has been called.
  bool begun() const { return begun_; }

  // From now on, find() gives what is written from now on. `found` is what it gave just now, with the same maps.
  void restart(std::span<const MapLine> maps, std::span<const PageRun> found);

 private:
  void protect(PageRun run) const;

  bool tried_ = false;
  bool begun_ = false;
  int descriptor_ = -1;
};

}  // namespace rr
