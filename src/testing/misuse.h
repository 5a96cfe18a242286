/* SPDX-License-Identifier: MIT
 *
 * What a plugin or a test must not do.
 */
#ifndef TESTING_MISUSE_H
#define TESTING_MISUSE_H

/* Says it to whom muster_test_on_misuse names, or ends the program. */
void misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program: there is no memory. */
void misuse_no_memory(void) __attribute__((noreturn));

#endif
