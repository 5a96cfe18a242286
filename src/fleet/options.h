/* SPDX-License-Identifier: MIT
 *
 * The command line.
 */
#ifndef FLEET_OPTIONS_H
#define FLEET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "play.h"
#include "run.h"
#include "send.h"

#define OPTIONS_TARGET_SIZE 280 /* bytes of a host name and a port */

struct options {
    struct play_plan play;
    struct run_plan run;
    struct send_plan send; /* points into `target` */
    double rate;           /* datagrams a second; 0: as many as possible, if play.pace is flat */
    const char *scenario;  /* NULL: none; `play` does not matter if there is one, but for a seed */
    const char *format;    /* a declared one, and the file that has it; NULL: none */
    const char *catalog;
    uint64_t ack_wait_ns; /* for the first answer, if play.acks */
    const char *report;   /* NULL: none */
    const char *target_text;
    bool has_seed; /* that was given */
    bool sockets_each;
    bool quiet;
    bool no_progress;
    char target[OPTIONS_TARGET_SIZE]; /* host and port, each terminated */
};

enum options_result {
    OPTIONS_PLAY,  /* play */
    OPTIONS_SHOWN, /* --help or --version: done */
    OPTIONS_WRONG  /* said on standard error what is wrong */
};

/* Reads the command line.  `options` must stay where it is, and so must argv. */
enum options_result options_read(struct options *options, int argc, char **argv);

#endif
