#include "internal.h"

#include <stdio.h>

int martlet_fail(char *message, const char *text) {
  snprintf(message, MARTLET_MESSAGE_SIZE, "%s", text);
  return 1;
}
