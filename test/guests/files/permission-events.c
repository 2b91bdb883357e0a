// A process that decides about opens by fanotify (FAN_OPEN_PERM, as virus scanners do) and processes whose opens it
// decides, by calls that never wait otherwise. Without privilege: leases, at which an open waits, too.
#include <sys/fanotify.h>

#include "../guest.h"

enum { opens = 20 };

static void openOften(void) {
  for (int i = 0; i < opens; i++) {
    const int file = open("watched/file", O_RDONLY);
    say("open %d: %s\n", i, file >= 0 ? "allowed" : strerrorname_np(errno));
    if (file >= 0) close(file);
  }
}

static void decide(int events) {
  for (int i = 0; i < opens;) {
    char buffer[4096];
    ssize_t length = read(events, buffer, sizeof buffer);
    for (struct fanotify_event_metadata *event = (void *)buffer; FAN_EVENT_OK(event, length);
         event = FAN_EVENT_NEXT(event, length)) {
      const struct fanotify_response response = {event->fd, i++ % 2 ? FAN_DENY : FAN_ALLOW};
      need(write(events, &response, sizeof response) == sizeof response && close(event->fd) == 0);
    }
  }
}

static volatile sig_atomic_t broken;
static void onBreak(int unused_ unused) { broken = 1; }

static void lease(void) {
  signal(SIGIO, onBreak);
  const int leased = open("leased", O_RDWR | O_CREAT, 0644);
  need(leased >= 0 && fcntl(leased, F_SETLEASE, F_WRLCK) == 0);
  int done[2];
  need(pipe(done) == 0);
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    for (int i = 0; i < 100; i++) close(open("/dev/null", O_RDONLY));
    need(close(leased) == 0);
    const int file = open("leased", O_RDONLY);
    say("open of the leased file: %s\n", file >= 0 ? "ok" : strerrorname_np(errno));
    _exit(0);
  }
  sigset_t io;
  sigset_t before;
  sigemptyset(&io);
  sigaddset(&io, SIGIO);
  need(sigprocmask(SIG_BLOCK, &io, &before) == 0);
  while (!broken) sigsuspend(&before);
  say("the lease is to end\n");
  need(fcntl(leased, F_SETLEASE, F_UNLCK) == 0);
  reap("child", child);
}

int main(void) {
  need(mkdir("watched", 0755) == 0);
  close(patternFile("watched/file", 10));
  const int events = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
  if (events < 0) {
    result("fanotify_init", events);
  } else {
    need(fanotify_mark(events, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD, AT_FDCWD, "watched") == 0);
    const pid_t child = fork();
    need(child >= 0);
    if (child == 0) {
      close(events);
      openOften();
      _exit(0);
    }
    decide(events);
    reap("child", child);
    close(events);
  }
  lease();
  return 0;
}
