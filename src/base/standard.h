/* SPDX-License-Identifier: MIT
 *
 * Standard output and standard error of a program.
 */
#ifndef BASE_STANDARD_H
#define BASE_STANDARD_H

/* Has what goes to a file that they were redirected to go to its end, wherever that is: after it
 * was emptied in place, as some rotate logs, there would be a hole of zeros in front else. */
void standard_append(void);

/* Writes out what is waiting for standard output.  Returns 0, or -1 if anything since the start
 * could not be written, after saying so on standard error: whoever reads a pipe and has had enough
 * knows that. */
int standard_finish(const char *program);

#endif
