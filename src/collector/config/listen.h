/* SPDX-License-Identifier: MIT
 *
 * A place to listen on, as an entry of `listen` says it: values alone.
 */
#ifndef COLLECTOR_CONFIG_LISTEN_H
#define COLLECTOR_CONFIG_LISTEN_H

#include "base/address.h"

struct listen {
    struct address address;
};

#endif
