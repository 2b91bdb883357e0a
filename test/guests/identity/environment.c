// The environment and arguments as given, in order; the recorder's own variables are left out.
#include "../guest.h"

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) say("argument [%s]\n", argv[i]);
  for (char **entry = environ; *entry; entry++)
    if (!strncmp(*entry, "PATH=", 5) || !strncmp(*entry, "GUEST_", 6)) say("%s\n", *entry);
  return 0;
}
