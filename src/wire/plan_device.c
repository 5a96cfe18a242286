/* SPDX-License-Identifier: MIT
 *
 * The key of a device that is not one number: no two devices have the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan_parts.h"

static const char digits[] = "0123456789abcdef";

/* A key being written: what does not fit makes it none. */
struct key {
    char *text;
    uint32_t used;
    bool full;
};

static void put(struct key *key, char c)
{
    if (key->used < FORMAT_KEY_MOST)
        key->text[key->used++] = c;
    else
        key->full = true;
}

static void put_string(struct key *key, const char *string)
{
    for (; *string != '\0'; string++)
        put(key, *string);
}

static void put_u64(struct key *key, uint64_t number)
{
    char text[20];
    int count = 0;

    do {
        text[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        put(key, text[--count]);
}

static void put_hex(struct key *key, const uint8_t *bytes, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count && !key->full; i++) {
        put(key, digits[bytes[i] >> 4]);
        put(key, digits[bytes[i] & 15]);
    }
}

/* Digits; what fills a fixed length up at the end, or the last byte, is left out. */
static void put_bcd(struct key *key, const uint8_t *bytes, uint32_t count, bool is_fixed)
{
    uint32_t used = 2 * count, i;

    while (used > 0 && (is_fixed || used == 2 * count) &&
           (bytes[(used - 1) / 2] >> (used % 2 == 0 ? 0 : 4) & 15) == 15)
        used--;
    for (i = 0; i < used && !key->full; i++)
        put(key, digits[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15]);
}

static void put_text(struct key *key, const uint8_t *bytes, uint32_t count, bool is_part)
{
    uint32_t i;

    for (i = 0; i < count && !key->full; i++) {
        uint8_t byte = bytes[i];

        if (byte >= 0x20 && byte < 0x7f && byte != '\\' && (byte != '/' || !is_part)) {
            put(key, (char)byte);
        } else {
            put_string(key, "\\x");
            put_hex(key, &byte, 1);
        }
    }
}

static void put_field(struct key *key, const struct plan_look *look, const struct plan_field *field,
                      bool is_part)
{
    const uint8_t *bytes;
    uint32_t length;

    if (plan_is_integer(field)) {
        uint64_t raw = plan_raw(look, field);
        bool negative = field->type == FORMAT_SIGNED && raw >> 63 != 0;

        if (negative)
            put(key, '-');
        put_u64(key, negative ? 0 - raw : raw);
        return;
    }
    bytes = plan_bytes(look, field, &length);
    switch (field->type) {
    case FORMAT_HEX:
        put_hex(key, bytes, length);
        break;
    case FORMAT_BCD:
        put_bcd(key, bytes, length, !field->is_varying);
        break;
    default:
        put_text(key, bytes, plan_trim(field, bytes, length), is_part);
    }
}

static void put_source(struct key *key, const struct sockaddr *source)
{
    uint8_t family, bytes[16] = {0};
    char host[ADDRESS_TEXT];
    uint32_t scope = 0;
    uint16_t port;
    int i;

    address_split(source, &family, &port, bytes, &scope);
    if (family == 4) {
        for (i = 0; i < 4; i++) {
            if (i > 0)
                put(key, '.');
            put_u64(key, bytes[i]);
        }
        return;
    }
    put_string(key, address_host(family, bytes, host));
    if (scope > 0) {
        put(key, '%');
        put_u64(key, scope);
    }
}

bool plan_get_device(const struct plan_look *look, const struct sockaddr *source,
                     struct plan_device *out)
{
    const struct plan *plan = look->plan;
    struct key key = {.text = out->key};
    size_t i;

    if (plan->device_is_source && source == NULL)
        return true;
    if (plan->device_is_source)
        put_source(&key, source);
    for (i = 0; i < plan->device_count; i++) {
        if (i > 0)
            put(&key, '/');
        put_field(&key, look, plan->device[i], plan->device_count > 1);
    }
    if (key.full || key.used == 0)
        return false;
    out->length = (uint8_t)key.used;
    return true;
}

/* ---- what a key can be ---------------------------------------------------------------- */

static bool is_whole(const char *key, unsigned bits)
{
    uint64_t number = 0;

    for (; *key >= '0' && *key <= '9'; key++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*key - '0'), &number))
            return false;
    return *key == '\0' && (bits >= 64 || number >> bits == 0);
}

bool plan_device_can_be(const struct plan *plan, const char *key)
{
    const struct plan_field *field = plan->device_count == 1 ? plan->device[0] : NULL;
    const size_t length = strlen(key);
    const bool is_digits = strspn(key, digits) == length;

    if (field == NULL)
        return true;
    switch (field->type) {
    case FORMAT_UNSIGNED:
        return is_whole(key, field->bits);
    case FORMAT_SIGNED:
        return is_whole(key + (*key == '-'), field->bits);
    case FORMAT_HEX:
        return is_digits && length % 2 == 0 && (field->is_varying || length == 2 * field->length);
    case FORMAT_BCD:
        return is_digits && (field->is_varying || length <= 2 * field->length);
    default:
        return true;
    }
}
