/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the known word nearest to a misspelt one.
 */
#include "suggest.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 64

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance (optimal string alignment) of two words of at most LONGEST bytes.
 * It needs three rows of the table: this one, the last, and for a swap the one before. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1];
    size_t i, j;

    for (j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];

        row[0] = i;
        for (j = 1; j <= b_length; j++) {
            size_t differ = lower(a[i - 1]) != lower(b[j - 1]);

            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + differ);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *suggest(const char *word, const char *const *candidates, size_t n)
{
    size_t length = strnlen(word, LONGEST + 1);
    size_t allowed = length < 6 ? 1 : length / 3;
    const char *nearest = NULL;
    size_t i;

    if (length > LONGEST)
        return NULL;
    for (i = 0; i < n; i++) {
        size_t candidate_length = strnlen(candidates[i], LONGEST + 1);
        size_t found;

        if (candidate_length > LONGEST)
            continue;
        found = distance(word, length, candidates[i], candidate_length);
        /* A word of which no letter is left is another word. */
        if (found > allowed || found >= length || found >= candidate_length)
            continue;
        nearest = candidates[i];
        if (found == 0)
            break;
        allowed = found - 1;
    }
    return nearest;
}

const char *suggest_hint(char *out, size_t room, const char *word, const char *const *candidates,
                         size_t n)
{
    const char *near = suggest(word, candidates, n);
    size_t used = 0;
    size_t i;

    if (near) {
        snprintf(out, room, "did you mean \"%s\"?", near);
        return out;
    }
    if (room > 0)
        *out = '\0';
    for (i = 0; i < n && used < room; i++) {
        const char *before = i == 0 ? "expected " : i + 1 < n ? ", " : " or ";
        int written = snprintf(out + used, room - used, "%s%s", before, candidates[i]);

        if (written < 0)
            break;
        used += (size_t)written;
    }
    return out;
}
