/* SPDX-License-Identifier: MIT
 *
 * A class of devices as the vectors write it: {payload: text, numbers: [data]}.
 */
#ifndef TESTS_COMMON_WIRE_CLASS_H
#define TESTS_COMMON_WIRE_CLASS_H

#include "yaml.h"
#include "wire/datagram.h"

/* Fails the test if it is none. */
struct wire_class vectors_class(struct vectors *vectors, const yaml_node_t *node);

#endif
