#include "record/stops/written-pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>

#include "tracee/descriptor.h"
#include "tracee/page-tracking.h"

namespace rr {

namespace {

// The kernel's own accesses are not reported to a descriptor that is made so; none are, and no privilege is needed.
constexpr uint64_t kUserModeOnly = 1;

constexpr size_t kRegionsAtOnce = 512;

// To protect a page that is not there, the kernel makes the table that it would stand in: 20 TB of shadow memory, as a
// sanitizer maps it, take 40 GB of tables. So of large mappings only what is there is protected; a page that comes
// later is not, and counts as written. Bytes.
constexpr uint64_t kProtectedWhole = 64 << 20;
// What one page table maps: between pages that are closer, none is made in vain.
constexpr uint64_t kTableReach = 2 << 20;

}  // namespace

Sharing sharingOf(const MapLine& line) {
  if (!line.shared) return Sharing::none;
  // mmap of shared memory without a file, memfd_create(2).
  for (const char* name : {"/dev/zero (deleted)", "/memfd:", "[anon_shmem:"}) {
    if (line.name.starts_with(name)) return Sharing::amongTasks;
  }
  if (line.name.starts_with("/SYSV") || line.name.starts_with("/dev/shm/")) return Sharing::withFile;
  return line.name.starts_with('/') && !line.name.starts_with("/dev/") ? Sharing::withFile : Sharing::unknown;
}

WrittenPages::~WrittenPages() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool WrittenPages::watch(pid_t tid, pid_t threadGroup) {
  if (tried_) return descriptor_ >= 0;
  tried_ = true;
  const uint64_t flags[6] = {O_CLOEXEC | O_NONBLOCK | kUserModeOnly};
  const long theirs = syscallByStops(tid, SYS_userfaultfd, flags);
  if (theirs < 0) return false;
  const Descriptor process(syscall(SYS_pidfd_open, threadGroup, 0));
  Descriptor ours(process ? syscall(SYS_pidfd_getfd, process.number(), theirs, 0) : -1);
  const uint64_t closing[6] = {static_cast<uint64_t>(theirs)};
  syscallByStops(tid, SYS_close, closing);
  if (!ours) return false;
  uffdio_api api = {};
  api.api = UFFD_API;
  api.features = kFeatureWriteProtectAsync | UFFD_FEATURE_PAGEFAULT_FLAG_WP;
  if (ioctl(ours.number(), UFFDIO_API, &api) != 0) return false;
  descriptor_ = ours.release();
  return true;
}

std::optional<std::vector<PageRun>> WrittenPages::find(pid_t tid, std::span<const MapLine> maps, Since since) const {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/pagemap", tid);
  const Descriptor pagemap(open(path, O_RDONLY | O_CLOEXEC));
  if (!pagemap) return std::nullopt;
  const bool watched = descriptor_ >= 0 && since == Since::restart;
  // A page that was never touched counts as swapped where it is write-protected.
  struct sysinfo system = {};
  const bool swaps = sysinfo(&system) != 0 || system.freeswap != system.totalswap;
  std::vector<PageRun> found;
  std::vector<PageRegion> regions(kRegionsAtOnce);
  for (const MapLine& line : maps) {
    const Sharing sharing = sharingOf(line);
    if (!line.readable || sharing == Sharing::unknown || (sharing == Sharing::withFile && !watched)) continue;
    if (line.shared && !line.writable) continue;
    // What is private and still the file's was not written; what is shared always is the file's.
    const uint64_t without = line.shared ? 0 : kPageIsFile | kPageIsZero;
    PagemapScan arguments = {};
    arguments.start = line.start;
    arguments.end = line.end;
    arguments.invertMask = without;
    arguments.mask = without | (watched ? kPageIsWritten : 0);
    arguments.anyOfMask = kPageIsPresent | (swaps ? kPageIsSwapped : 0);
    arguments.returnMask = kPageIsPresent;
    const bool told = scanPages(pagemap.number(), arguments, regions, [&](const PageRegion& region) {
      if (!found.empty() && found.back().end == region.start && region.start != line.start) {
        found.back().end = region.end;
      } else {
        found.push_back({region.start, region.end});
      }
    });
    if (!told) return std::nullopt;
  }
  return found;
}

// What cannot be watched (it is another descriptor's) counts as written for good.
void WrittenPages::restart(std::span<const MapLine> maps, std::span<const PageRun> found) {
  if (descriptor_ < 0) return;
  begun_ = true;
  size_t next = 0;
  for (const MapLine& line : maps) {
    while (next < found.size() && found[next].end <= line.start) next++;
    // What can be written, and what has been: text that nobody writes is left alone.
    const bool hasPages = next < found.size() && found[next].start < line.end;
    if (!(line.writable || (hasPages && !line.shared)) || sharingOf(line) == Sharing::unknown) continue;
    uffdio_register registration = {};
    registration.range = {line.start, line.end - line.start};
    registration.mode = UFFDIO_REGISTER_MODE_WP;
    if (ioctl(descriptor_, UFFDIO_REGISTER, &registration) != 0) continue;
    if (line.end - line.start <= kProtectedWhole) {
      protect({line.start, line.end});
      continue;
    }
    PageRun run = {};
    for (size_t i = next; i < found.size() && found[i].start < line.end; i++) {
      const PageRun each = {std::max(found[i].start, line.start), std::min(found[i].end, line.end)};
      if (run.end != 0 && each.start - run.end > kTableReach) {
        protect(run);
        run = {};
      }
      run = {run.end == 0 ? each.start : run.start, each.end};
    }
    if (run.end != 0) protect(run);
  }
}

void WrittenPages::protect(PageRun run) const {
  uffdio_writeprotect protection = {};
  protection.range = {run.start, run.end - run.start};
  protection.mode = UFFDIO_WRITEPROTECT_MODE_WP;
  ioctl(descriptor_, UFFDIO_WRITEPROTECT, &protection);
}

}  // namespace rr
