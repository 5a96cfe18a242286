/* SPDX-License-Identifier: MIT
 *
 * Runs the suite that it is linked with.  A program that has run no test has failed.
 */
#include "runner.h"

#include <stdlib.h>

/* Seconds for one test.  It is there for those that hang; a busy machine may be slow. */
#define PATIENCE "600"

int main(void)
{
    SRunner *runner;
    int run, failed;

    setenv("CK_DEFAULT_TIMEOUT", PATIENCE, 0);
    runner = srunner_create(test_suite());

    srunner_run_all(runner, CK_ENV);
    run = srunner_ntests_run(runner);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
