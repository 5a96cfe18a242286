/* SPDX-License-Identifier: MIT
 *
 * A YAML file as a tree whose nodes know their line, so that every error can name its place.
 */
#ifndef COLLECTOR_CONFIG_YAML_FILE_H
#define COLLECTOR_CONFIG_YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "base/problems.h"

#define YAML_FILE_LARGEST      (16u << 20) /* bytes of a file */
#define YAML_FILE_TEXT_LONGEST 255         /* bytes of a text in it */

struct yaml_file {
    const char *path;
    struct problems *problems;
    yaml_document_t document;
};

/* One key that a mapping may have. */
struct yaml_field {
    const char *key;
    yaml_node_t *value; /* NULL: not given, or given as null */
    unsigned line;      /* where the key is; 0: nowhere */
};

/* Reads the file, which must be one YAML document in UTF-8, or empty.  `path` and `problems` must
 * live as long as *file.  Returns 0, and *file is to be freed; or -1 after adding to `problems`. */
int yaml_file_load(struct yaml_file *file, const char *path, struct problems *problems);
void yaml_file_free(struct yaml_file *file);

/* The outermost node, or NULL if there is nothing in the file, or only null. */
yaml_node_t *yaml_file_root(struct yaml_file *file);

/* The node that a sequence's item stands for. */
yaml_node_t *yaml_file_item(struct yaml_file *file, yaml_node_item_t item);

/* Adds a problem at the place of `node`. */
void yaml_file_problem(const struct yaml_file *file, const yaml_node_t *node, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

/* Whether a node is null: nothing, "~" or "null", without quotes. */
bool yaml_file_is_null(const yaml_node_t *node);

/* "a mapping", "a list", "a text" or "nothing". */
const char *yaml_file_kind(const yaml_node_t *node);

/* The line of `node`, from 1. */
unsigned yaml_file_line(const yaml_node_t *node);

/* The text of a scalar that is short and has no control character; else adds a problem that names
 * it as `what`, and returns NULL.  Null is an empty text. */
const char *yaml_file_text(const struct yaml_file *file, const yaml_node_t *node, const char *what);

/* Sorts the values of a mapping into `fields`, n of them with their keys set.  What is no mapping,
 * and keys that are unknown or given twice, are problems; `what` names the thing that the mapping
 * describes, such as "a device".  Returns false if it is no mapping. */
bool yaml_file_fields(struct yaml_file *file, yaml_node_t *node, const char *what,
                      struct yaml_field *fields, size_t n);

#endif
