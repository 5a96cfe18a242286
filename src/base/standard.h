/* SPDX-License-Identifier: MIT
 *
 * Standard output and standard error of a program.
 */
#ifndef BASE_STANDARD_H
#define BASE_STANDARD_H

#include <stdbool.h>

/* Gives what is closed of standard input, output and error to nobody.  Else the next files and
 * sockets that are opened would get their numbers, and texts would go out as datagrams, or into a
 * file of data. What is written to them is an error, as before, or is_forgotten.  Returns 0, or -1
 * with errno set. */
int standard_open(bool is_forgotten);

/* Has what goes to a file that they were redirected to go to its end, wherever that is: after it
 * was emptied in place, as some rotate logs, there would be a hole of zeros in front else. */
void standard_append(void);

/* Writes out what is waiting for standard output.  Returns 0, or -1 if anything since the start
 * could not be written, after saying so on standard error: whoever reads a pipe and has had enough
 * knows that. */
int standard_finish(const char *program);

#endif
