/* SPDX-License-Identifier: MIT
 *
 * Texts that nobody is to see: where they are read from, and how they go.
 */
#ifndef COLLECTOR_HOST_SECRET_H
#define COLLECTOR_HOST_SECRET_H

#include <stddef.h>

/* Reads what `text` stands for: "file:PATH" the first line of that file, "env:NAME" that variable
 * of the environment, anything else itself.  Returns 0 and *secret, which secret_free frees; 1, and
 * says in `why` what is wrong, without the secret itself; or -1 if memory is short. */
int secret_read(const char *text, char **secret, char *why, size_t room);

/* Wipes its memory before it is freed.  NULL is ignored. */
void secret_free(char *secret);

#endif
