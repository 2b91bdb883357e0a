#include "record/written-pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

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

std::vector<PageRun> unionOf(std::span<const PageRun> a, std::span<const PageRun> b) {
  std::vector<PageRun> both;
  both.reserve(a.size() + b.size());
  std::ranges::merge(a, b, std::back_inserter(both), {}, &PageRun::start, &PageRun::start);
  size_t kept = 0;
  for (const PageRun& run : both) {
    if (kept > 0 && run.start <= both[kept - 1].end) {
      both[kept - 1].end = std::max(both[kept - 1].end, run.end);
    } else {
      both[kept++] = run;
    }
  }
  both.resize(kept);
  return both;
}

std::vector<PageRun> intersectionOf(std::span<const PageRun> a, std::span<const PageRun> b) {
  std::vector<PageRun> common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const PageRun run = {std::max(a[i].start, b[j].start), std::min(a[i].end, b[j].end)};
    if (run.start < run.end) common.push_back(run);
    if (a[i].end < b[j].end) {
      i++;
    } else {
      j++;
    }
  }
  return common;
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
  std::vector<PageRun> found;
  std::vector<PageRegion> regions(kRegionsAtOnce);
  for (const MapLine& line : maps) {
    if (line.shared || !line.readable) continue;
    PagemapScan arguments = {};
    arguments.size = sizeof arguments;
    arguments.start = line.start;
    arguments.end = line.end;
    arguments.regions = reinterpret_cast<uint64_t>(regions.data());
    arguments.regionCount = regions.size();
    arguments.invertMask = kPageIsFile | kPageIsZero;
    arguments.mask = kPageIsFile | kPageIsZero | (descriptor_ >= 0 && since == Since::restart ? kPageIsWritten : 0);
    arguments.anyOfMask = kPageIsPresent | kPageIsSwapped;
    arguments.returnMask = kPageIsPresent;
    while (arguments.start < line.end) {
      const int count = ioctl(pagemap.number(), kPagemapScan, &arguments);
      if (count < 0) return std::nullopt;
      for (int i = 0; i < count; i++) {
        const PageRegion& region = regions[static_cast<size_t>(i)];
        if (!found.empty() && found.back().end == region.start && region.start != line.start) {
          found.back().end = region.end;
        } else {
          found.push_back({region.start, region.end});
        }
      }
      if (arguments.walkEnd <= arguments.start) return std::nullopt;
      arguments.start = arguments.walkEnd;
    }
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
    if (line.shared || !(line.writable || hasPages)) continue;
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
