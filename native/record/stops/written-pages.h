// Which pages of an address space were written since they were last asked for: the kernel write-protects them, and
// notes the first write to each (userfaultfd's WP_ASYNC and PAGEMAP_SCAN, Linux 6.7). About 1 us for that first write.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "record/page-runs.h"
#include "tracee/tracee.h"

namespace rr {

// Who has the memory of a mapping.
enum class Sharing : uint8_t {
  none,
  amongTasks,  // no file, or one in memory: those who have it are mostly all of the recording
  withFile,    // a file, which others may have written
  unknown      // of a device, or of a kind that cannot be watched
};
Sharing sharingOf(const MapLine& line);

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
  // Runs of pages in `maps` that hold a content of their own, which no file gives, and were written since restart() was
  // called last; all of them before that, where memory is not watched, and for `ever`. Of shared memory, what may be
  // written: where all are meant without files, whose pages others may have written, and never what is
  // Sharing::unknown. Nothing when the kernel cannot tell.
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
