/* SPDX-License-Identifier: MIT
 *
 * What the control thread knows besides what the collector shows it.
 */
#ifndef COLLECTOR_CONTROL_ABOUT_H
#define COLLECTOR_CONTROL_ABOUT_H

#include <stdbool.h>

#include "file_mark.h"
#include "samples.h"

struct order;

struct about {
    const char *commit; /* the program's, such as " (0636427)"; or empty */
    struct samples samples;
    struct order *order;     /* what the main thread is to do */
    struct file_mark config; /* the configuration's file, when it was read */
};

#endif
