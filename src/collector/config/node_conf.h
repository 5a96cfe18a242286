/* SPDX-License-Identifier: MIT
 *
 * Reads libconfig's syntax, that of collector.conf.
 */
#ifndef COLLECTOR_CONFIG_NODE_CONF_H
#define COLLECTOR_CONFIG_NODE_CONF_H

#include "base/node.h"

/* Reads a file and those that it includes: a map.  libconfig counts lines, not columns.  Returns 0,
 * or -1 after adding to `problems`, and then there is no root; a single number may be a problem
 * too, in a tree that is whole.  The tree is to be freed in both cases. */
int node_conf_read(struct node_tree *tree, const char *path, struct problems *problems);

/* The same for settings that no file has; problems with them are said to be in `file`. */
int node_conf_parse(struct node_tree *tree, const char *text, const char *file,
                    struct problems *problems);

#endif
