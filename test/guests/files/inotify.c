// inotify: events of changes that the guest makes itself.
#include <sys/inotify.h>

#include "../guest.h"

int main(void) {
  int notify = syscall(SYS_inotify_init1, poisoned(IN_NONBLOCK));
  need(notify >= 0);
  result("add watch", syscall(SYS_inotify_add_watch, poisoned(notify), pageEndString("."),
                              poisoned(IN_CREATE | IN_DELETE | IN_MOVE)));
  char *buffer = pageEnd(256);
  result("nothing yet", read(notify, buffer, 256));
  close(patternFile("file", 3));
  need(rename("file", "other") == 0 && unlink("other") == 0);
  result("too small", read(notify, buffer, 10));
  long size = result("events", read(notify, buffer, 256));
  for (long at = 0; at < size;) {
    struct inotify_event *event = (struct inotify_event *)(buffer + at);
    say("  mask %x name %s\n", event->mask, event->len ? event->name : "");
    at += sizeof *event + event->len;
  }
  result("remove watch", syscall(SYS_inotify_rm_watch, poisoned(notify), poisoned(1)));
  result("remove again", syscall(SYS_inotify_rm_watch, poisoned(notify), poisoned(1)));
  result("bad path", syscall(SYS_inotify_add_watch, poisoned(notify), badAddress(), poisoned(IN_CREATE)));
  return 0;
}
