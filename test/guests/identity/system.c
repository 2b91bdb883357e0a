// uname, sysinfo, gethostname's and domain's sources, syslog, sysfs: structures at the end of a page.
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "../guest.h"

int main(void) {
  struct utsname *name = pageEnd(sizeof *name);
  result("uname", syscall(SYS_uname, name));
  say("  %s %s %s %s\n", name->sysname, name->nodename, name->release, name->machine);
  result("uname bad address", syscall(SYS_uname, badAddress()));
  struct sysinfo *info = pageEnd(sizeof *info);
  result("sysinfo", syscall(SYS_sysinfo, info));
  say("  uptime %d, memory %lu of unit %u\n", info->uptime > 0, info->totalram, info->mem_unit);
  result("sysinfo bad address", syscall(SYS_sysinfo, badAddress()));
  result("sethostname", syscall(SYS_sethostname, badAddress(), poisoned(5)));
  return 0;
}
