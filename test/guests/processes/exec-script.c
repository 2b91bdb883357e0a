// A script run by its first line, with an argument there; a script whose interpreter is a script.
#include "../guest.h"

static void script(const char *name, const char *text) {
  int file = open(name, O_CREAT | O_WRONLY, 0755);
  need(write(file, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(file, 0755) == 0);
  close(file);
}

static void run(const char *name) {
  pid_t child = fork();
  if (child == 0) {
    execl(name, "ignored", "first", "second argument", (char *)0);
    _exit(1);
  }
  reap(name, child);
}

int main(void) {
  script("shell", "#!/bin/sh\necho \"$0 $#: $1, $2\"\nexit 5\n");
  run("./shell");
  script("option", "#! /bin/sh -e\necho before\nfalse\necho never\n");
  run("./option");
  script("outer", "#!./shell extra words\n");
  run("./outer");
  script("printer", "#!/bin/echo printed:\n");
  run("./printer");
  return 0;
}
