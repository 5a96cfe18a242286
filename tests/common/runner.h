/* SPDX-License-Identifier: MIT
 *
 * Every Check program has the same main; what differs is its suite.
 */
#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H

#include <check.h>

/* Each test program defines this.  The runner frees it. */
Suite *test_suite(void);

#endif
