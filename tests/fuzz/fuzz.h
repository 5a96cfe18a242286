/* SPDX-License-Identifier: MIT
 *
 * A fuzz target: a function that must bear any bytes.  libFuzzer calls it, or replay.c does.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The folder in tests/fuzz/corpus. */
extern const char *const fuzz_corpus;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of any input. */
static inline void fuzz_check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

#endif
