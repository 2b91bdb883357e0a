// posix_spawn with file actions and attributes, system and popen.
#include <spawn.h>

#include "../guest.h"

extern char **environ;

int main(void) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "output", O_CREAT | O_WRONLY, 0644);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t child;
  char *arguments[] = {"echo", "spawned", 0};
  result("posix_spawn", posix_spawn(&child, "/bin/echo", &actions, &attributes, arguments, environ));
  reap("child", child);
  say("posix_spawn missing: %s\n", strerrorname_np(posix_spawn(&child, "/does/not/exist", 0, 0, arguments, environ)));
  result("system", system("cat output; exit 3") >> 8);
  FILE *stream = popen("echo one; echo two", "r");
  char line[100];
  while (fgets(line, sizeof line, stream)) say("popen: %s", line);
  result("pclose", pclose(stream));
  return 0;
}
