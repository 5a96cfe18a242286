/* SPDX-License-Identifier: MIT */
#include "wire_class.h"

#include <check.h>
#include <string.h>

static const char *const type_names[] = {"heartbeat", "data", "init"};

struct wire_class vectors_class(struct vectors *vectors, const yaml_node_t *node)
{
    struct wire_class class = {.payload = WIRE_PAYLOAD_TEXT};
    const yaml_node_t *numbers = vectors_need(vectors, node, "numbers");
    const char *payload = vectors_text(vectors, vectors_need(vectors, node, "payload"));
    size_t i, type;

    if (strcmp(payload, "u16") == 0)
        class.payload = WIRE_PAYLOAD_U16;
    else
        ck_assert_str_eq(payload, "text");
    for (i = 0; i < vectors_length(vectors, numbers); i++) {
        const char *name = vectors_text(vectors, vectors_item(vectors, numbers, i));

        for (type = 0; type < 3 && strcmp(name, type_names[type]) != 0; type++)
            ;
        ck_assert_msg(type < 3, "%s", name);
        class.numbers |= (uint8_t)(1u << type);
    }
    return class;
}
