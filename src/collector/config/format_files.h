/* SPDX-License-Identifier: MIT
 *
 * The formats of a catalog: those of its own file, and those of the files that it includes.
 */
#ifndef COLLECTOR_CONFIG_FORMAT_FILES_H
#define COLLECTOR_CONFIG_FORMAT_FILES_H

#include "base/node.h"
#include "base/problems.h"
#include "collector/catalog/catalog.h"

/* Reads, compiles and adds the formats of the catalog's file, whose root is a map, and decodes
 * their examples.  All that is wrong goes to `problems`.  Returns 0, or -1 if memory is short. */
int format_files_load(struct catalog *catalog, struct node_tree *tree, const struct node *root,
                      struct problems *problems);

/* The same of the formats that come with the program, as far as they are installed. */
int format_files_presets(struct catalog *catalog, struct problems *problems);

/* Adds the problem that there is no file of that name: what is meant may be one of those in
 * `folder`, where those are that come with the program. */
void format_files_say_missing(const struct node *node, const char *folder,
                              struct problems *problems);

#endif
