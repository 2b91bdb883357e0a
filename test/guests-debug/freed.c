// An account is closed while somebody still has a pointer to it; its memory becomes a message.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Account {
  char owner[16];
  long balance;
};

static struct Account *favourite;
static char *message;

static struct Account *openAccount(const char *owner, long balance) {
  struct Account *account = malloc(sizeof *account);
  strcpy(account->owner, owner);
  account->balance = balance;
  return account;
}

static void closeAccount(struct Account *account) {
  printf("%s leaves\n", account->owner);
  free(account);
}

static void receive(const char *text) {
  message = malloc(strlen(text) + 1);
  for (char *to = message; (*to++ = *text++) != 0;) continue;
}

int main(void) {
  favourite = openAccount("anna", 100);
  struct Account *other = openAccount("ben", 20);
  closeAccount(other);
  closeAccount(favourite);
  receive("to be paid by tuesday");
  if (favourite->balance != 100) abort();
  return 0;
}
