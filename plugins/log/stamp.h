/* SPDX-License-Identifier: MIT
 *
 * The time in front of a line, local time.
 */
#ifndef PLUGINS_LOG_STAMP_H
#define PLUGINS_LOG_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum stamp_form {
    STAMP_ISO,   /* 2025-11-07T17:49:12.482+01:00 */
    STAMP_CLOCK, /* 17:49:12.482; with the date in front when that is another than before */
    STAMP_NONE,
};

/* The most bytes of one. */
#define STAMP_MAX 40

/* The text of the last second is kept.  All zeros but for the form is a start. */
struct stamp {
    enum stamp_form form;
    bool is_kept;      /* below: */
    bool tell_date;    /* with the next one; STAMP_CLOCK only */
    uint8_t size;      /* of `clock` */
    uint8_t zone_size; /* with the space behind it */
    uint64_t second;
    char clock[24]; /* up to the seconds */
    char zone[8];   /* what is behind the fraction */
    char date[16];  /* the last that was told, or is to be */
};

/* Writes it, with a space behind, and returns its end. */
char *stamp_write(struct stamp *stamp, char *out, uint64_t ns);

/* A line was written in vain: tells the date again. */
void stamp_repeat_date(struct stamp *stamp);

#endif
