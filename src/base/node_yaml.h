/* SPDX-License-Identifier: MIT
 *
 * Reads YAML, the syntax of devices.yaml and of scenarios.
 */
#ifndef BASE_NODE_YAML_H
#define BASE_NODE_YAML_H

#include "node.h"

#define NODE_YAML_LARGEST      (16u << 20) /* bytes of a file */
#define NODE_YAML_TEXT_LONGEST 255         /* bytes of a text in it */
#define NODE_YAML_ANCHORS_MOST 256         /* each is compared with each, and with each alias */
#define NODE_YAML_ALIASES_MOST 65536
#define NODE_YAML_TAGS_MOST    256

/* Reads the file, or a FIFO or a pipe (text_file.h), which must be one YAML document in UTF-8; an
 * empty one is null.  Returns 0, or -1 after adding to `problems`, and then there is no root; a
 * single text may be a problem too, in a tree that is whole.  The tree is to be freed in both
 * cases. */
int node_yaml_read(struct node_tree *tree, const char *path, struct problems *problems);

#endif
