// Calls of Linux 6.5 to 6.17, with what they fill; older kernels answer ENOSYS.
#include "../guest.h"

enum {
  cachestat = 451,
  changeMode = 452,
  statmount = 457,
  listmount = 458,
  listModules = 461,
  seal = 462,
  setAttribute = 463,
  getAttribute = 464,
  listAttributes = 465,
  removeAttribute = 466,
  fileAttributes = 468,
};

static void mounts(void) {
  struct {
    uint32_t size, spare;
    uint64_t id, parameter;
  } *request = pageEnd(24);
  memset(request, 0, sizeof *request);
  request->size = sizeof *request;
  request->id = ~0UL;  // LSMT_ROOT
  uint64_t *ids = pageEnd(80);
  long count = syscall(listmount, request, ids, 10L, poisoned(0));
  succeeded("listmount", count);
  if (count <= 0) return;
  request->id = ids[0];
  request->parameter = 2 | 8 | 32;  // STATMOUNT_MNT_BASIC, MNT_ROOT, FS_TYPE
  char *state = pageEnd(1024);
  memset(state, 0, 1024);
  succeeded("statmount", syscall(statmount, request, state, 1024L, poisoned(0)));
  succeeded("in too little room", syscall(statmount, request, pageEnd(16), 16L, poisoned(0)));
}

static void attributes(void) {
  struct {
    uint64_t value;
    uint32_t size, flags;
  } attribute = {(uintptr_t) "v", 1, 0};
  const long here = poisoned(AT_FDCWD);
  succeeded("setxattrat", syscall(setAttribute, here, "file", poisoned(0), "user.a", &attribute, 16L));
  char *value = pageEnd(1);
  attribute.value = (uintptr_t)value;
  succeeded("getxattrat", syscall(getAttribute, here, "file", poisoned(0), "user.a", &attribute, 16L));
  say("  %c\n", *value);
  succeeded("listxattrat", syscall(listAttributes, here, "file", poisoned(0), pageEnd(64), 64L));
  succeeded("removexattrat", syscall(removeAttribute, here, "file", poisoned(0), "user.a"));
  char *of = pageEnd(24);
  memset(of, 0, 24);
  succeeded("file_getattr", syscall(fileAttributes, here, "file", of, 24L, poisoned(0)));
  result("fchmodat2", syscall(changeMode, here, "file", poisoned(0600), poisoned(0)));
}

int main(void) {
  int file = patternFile("file", 2 * pageSize);
  mounts();
  attributes();
  uint64_t *range = pageEndCopy((uint64_t[]){0, 0}, 16);
  succeeded("cachestat", syscall(cachestat, poisoned(file), range, pageEnd(40), poisoned(0)));
  char *memory = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(memory != MAP_FAILED);
  succeeded("mseal", syscall(seal, memory, (long)pageSize, 0L));
  result("munmap", munmap(memory, pageSize));
  result("mprotect", mprotect(memory, pageSize, PROT_READ));
  uint32_t *size = pageEndCopy(&(uint32_t){64}, 4);
  succeeded("lsm_list_modules", syscall(listModules, pageEnd(64), size, poisoned(0)));
  *size = 2;
  result("in too little room", syscall(listModules, pageEnd(64), size, poisoned(0)));
  say("  more is needed: %d\n", *size > 2);
  return 0;
}
