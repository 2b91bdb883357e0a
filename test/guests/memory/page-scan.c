// PAGEMAP_SCAN tells which pages are there; to look must not make any (as reading memory does).
#include <sys/ioctl.h>

#include "../guest.h"

// struct pm_scan_arg and page_region (linux/fs.h, since Linux 6.7).
struct scan {
  uint64_t size, flags, start, end, walkEnd, vector, vectorLength, maxPages, inverted, mask, any, told;
};
struct region {
  uint64_t start, end, categories;
};
#define PAGES_SCAN _IOWR('f', 16, struct scan)
enum { present = 1 << 3 };

int main(void) {
  int map = open("/proc/self/pagemap", O_RDONLY);
  need(map >= 0);
  char *pages = mmap(0, 8 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(pages != MAP_FAILED && madvise(pages, 8 * pageSize, MADV_NOHUGEPAGE) == 0);
  pages[pageSize] = pages[2 * pageSize] = pages[5 * pageSize] = 1;
  struct region *regions = pageEnd(3 * sizeof *regions);
  struct scan *scan = pageEnd(sizeof *scan);
  for (int times = 0; times < 2; times++) {
    *scan = (struct scan){.size = sizeof *scan,
                          .start = (uintptr_t)pages,
                          .end = (uintptr_t)pages + 8 * pageSize,
                          .vector = (uintptr_t)regions,
                          .vectorLength = 3,
                          .mask = present,
                          .told = present};
    long count = ioctl(map, PAGES_SCAN, scan);
    if (count == -1 && errno == ENOTTY) {
      say("not offered\n");
      return 0;
    }
    result("regions", count);
    for (long i = 0; i < count; i++) {
      say("  pages %d to %d, categories %d\n", (int)((regions[i].start - (uintptr_t)pages) / pageSize),
          (int)((regions[i].end - (uintptr_t)pages) / pageSize), (int)regions[i].categories);
    }
    say("to the end: %d\n", scan->walkEnd == scan->end);
  }
  scan->vectorLength = 1;
  scan->end = scan->start + 1;
  result("half a page", ioctl(map, PAGES_SCAN, scan));
  return 0;
}
