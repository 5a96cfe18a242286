/* SPDX-License-Identifier: MIT
 *
 * What a field says: as a whole number, and as a value that is scaled.
 */
#include "plan_parts.h"

#include <math.h>

#define DIGITS_MOST 19 /* of a decimal number that fits into 64 bits, whatever they are */
#define BCD_MOST    9  /* bytes of it */

/* ---- Numbers as text ------------------------------------------------------------------ */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

bool plan_decimal(struct plan_decimal *out, const uint8_t *text, uint32_t length)
{
    const uint8_t *end = text + length;
    unsigned digits = 0;
    bool point = false, any = false;

    *out = (struct plan_decimal){0};
    while (text < end && is_blank(*text))
        text++;
    while (text < end && is_blank(end[-1]))
        end--;
    if (text < end && (*text == '-' || *text == '+'))
        out->negative = *text++ == '-';
    for (; text < end; text++) {
        if (*text == '.' && !point) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9')
            return false;
        any = true;
        if (out->digits > 0 || *text != '0')
            digits++;
        if (digits > DIGITS_MOST || out->decimals == DIGITS_MOST)
            return false;
        out->digits = out->digits * 10 + (uint64_t)(*text - '0');
        out->decimals = (uint8_t)(out->decimals + point);
    }
    return any;
}

static uint64_t power_of_ten(unsigned digits)
{
    uint64_t power = 1;

    while (digits-- > 0)
        power *= 10;
    return power;
}

double plan_decimal_value(const struct plan_decimal *decimal)
{
    double value = plan_ratio((__int128)decimal->digits, power_of_ten(decimal->decimals));

    return decimal->negative ? -value : value;
}

/* ---- Binary coded decimals ------------------------------------------------------------ */

/* A nibble of 0xf is no digit; 0xa to 0xe are none that there are. */
static bool bcd(const uint8_t *bytes, uint32_t length, uint64_t *out)
{
    uint32_t i;

    *out = 0;
    if (length > BCD_MOST)
        return false;
    for (i = 0; i < 2 * length; i++) {
        unsigned digit = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;

        if (digit == 15)
            continue;
        if (digit > 9)
            return false;
        *out = *out * 10 + digit;
    }
    return true;
}

bool plan_whole(const struct plan_look *look, const struct plan_field *field, uint64_t *out)
{
    struct plan_decimal decimal;
    const uint8_t *bytes;
    uint32_t length;

    if (plan_is_integer(field)) {
        *out = plan_raw(look, field);
        return true;
    }
    bytes = plan_bytes(look, field, &length);
    if (field->type == FORMAT_BCD)
        return bcd(bytes, length, out);
    if (field->type != FORMAT_NUMBER || !plan_decimal(&decimal, bytes, length) ||
        decimal.decimals > 0)
        return false;
    *out = decimal.negative ? 0 - decimal.digits : decimal.digits;
    return true;
}

uint32_t plan_trim(const struct plan_field *field, const uint8_t *bytes, uint32_t length)
{
    if (field->is_varying)
        return length;
    while (length > 0 && (bytes[length - 1] == '\0' || bytes[length - 1] == ' '))
        length--;
    return length;
}

/* ---- Scaled --------------------------------------------------------------------------- */

static unsigned bits_of(unsigned __int128 n)
{
    uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n;

    if (high > 0)
        return 128 - (unsigned)__builtin_clzll(high);
    return low > 0 ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

/* A quotient of 56 bits or more, whose last bit says too whether anything is left, rounds to a
 * double as the exact one does. */
static double long_ratio(unsigned __int128 numerator, uint64_t divisor)
{
    unsigned shift = 0, have = bits_of(numerator), less = bits_of(divisor);
    unsigned __int128 quotient;

    if (have < less + 56)
        shift = less + 56 - have;
    numerator <<= shift;
    quotient = numerator / divisor;
    if (quotient * divisor != numerator)
        quotient |= 1;
    return ldexp((double)quotient, -(int)shift);
}

double plan_ratio(__int128 numerator, uint64_t divisor)
{
    static const __int128 exact = (__int128)1 << 53;
    double value;

    if (numerator > -exact && numerator < exact && divisor < (uint64_t)exact)
        return (double)(int64_t)numerator / (double)divisor;
    value = long_ratio(
        numerator < 0 ? 0 - (unsigned __int128)numerator : (unsigned __int128)numerator, divisor);
    return numerator < 0 ? -value : value;
}

static void set_scaled(struct muster_value *out, __int128 numerator, uint64_t divisor)
{
    if (divisor == 1 && numerator >= INT64_MIN && numerator <= INT64_MAX) {
        out->type = MUSTER_VALUE_INT;
        out->value.integer = (int64_t)numerator;
        return;
    }
    out->type = MUSTER_VALUE_REAL;
    out->value.real = plan_ratio(numerator, divisor);
}

static void set_real(struct muster_value *out, const struct plan_scale *scale, double raw)
{
    out->type = MUSTER_VALUE_REAL;
    out->value.real = scale->is_one ? raw
                                    : (raw * (double)scale->factor + (double)scale->summand) /
                                          (double)scale->divisor;
}

static const struct plan_name *name_of(const struct plan_known *known, uint64_t raw)
{
    size_t low = 0, high = known->name_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (known->names[middle].raw == raw)
            return &known->names[middle];
        if (known->names[middle].raw < raw)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A whole number: absent, with a word, or scaled. */
static void set_whole(struct muster_value *out, const struct plan_known *known, uint64_t raw,
                      bool is_signed)
{
    const struct plan_name *name = known->name_count > 0 ? name_of(known, raw) : NULL;
    const struct plan_scale *scale = &known->scale;

    if (plan_is_absent(known, raw))
        return;
    if (name != NULL) {
        out->type = MUSTER_VALUE_TEXT;
        out->bytes = (const uint8_t *)name->word;
        out->bytes_size = name->length;
    } else if (scale->is_one) {
        out->type = is_signed ? MUSTER_VALUE_INT : MUSTER_VALUE_UNSIGNED;
        out->value.natural = raw;
    } else {
        set_scaled(out,
                   (is_signed ? (__int128)(int64_t)raw : (__int128)raw) * scale->factor +
                       scale->summand,
                   scale->divisor);
    }
}

/* A number as text: whole, if it has no point; what is none is absent. */
static void set_number(struct muster_value *out, const struct plan_known *known,
                       const uint8_t *bytes, uint32_t length)
{
    struct plan_decimal decimal;

    if (!plan_decimal(&decimal, bytes, length))
        return;
    if (decimal.decimals == 0 && decimal.digits <= INT64_MAX)
        set_whole(out, known, decimal.negative ? 0 - decimal.digits : decimal.digits, true);
    else
        set_real(out, &known->scale, plan_decimal_value(&decimal));
}

static void set_bytes(struct muster_value *out, enum muster_value_type type, const uint8_t *bytes,
                      uint32_t length)
{
    out->type = type;
    out->bytes = bytes;
    out->bytes_size = length;
}

void plan_convert(const struct plan_look *look, const struct plan_field *field,
                  struct muster_value *out)
{
    const struct plan_known *known = &look->plan->values[field->value];
    const uint8_t *bytes;
    uint32_t length;
    uint64_t raw;

    memset(out, 0, sizeof *out);
    if (plan_is_integer(field)) {
        set_whole(out, known, plan_raw(look, field), field->type == FORMAT_SIGNED);
        return;
    }
    if (field->type == FORMAT_REAL) {
        set_real(out, &known->scale, plan_real(look, field));
        if (field->width == sizeof(float) && known->scale.is_one)
            out->type = MUSTER_VALUE_REAL32;
        return;
    }
    bytes = plan_bytes(look, field, &length);
    switch (field->type) {
    case FORMAT_TEXT:
        set_bytes(out, MUSTER_VALUE_TEXT, bytes, plan_trim(field, bytes, length));
        break;
    case FORMAT_BCD:
        if (length > BCD_MOST)
            set_bytes(out, MUSTER_VALUE_BYTES, bytes, length);
        else if (bcd(bytes, length, &raw))
            set_whole(out, known, raw, false);
        break;
    case FORMAT_NUMBER:
        set_number(out, known, bytes, length);
        break;
    default:
        set_bytes(out, MUSTER_VALUE_BYTES, bytes, length);
    }
}
