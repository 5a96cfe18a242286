/* SPDX-License-Identifier: MIT
 *
 * Parts of the JSON file.
 */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "../common/number.h"
#include "../common/text.h"

void json_text_or_null(FILE *out, const char *text)
{
    if (text != NULL)
        text_print_json(out, text);
    else
        fputs("null", out);
}

void json_real(FILE *out, double number)
{
    char text[NUMBER_REAL_MAX + 1];

    *number_real(text, number) = '\0';
    fputs(isfinite(number) ? text : "null", out);
}

void json_device(FILE *out, const struct muster_host *host, struct muster_instance *instance,
                 uint32_t number)
{
    struct muster_device device = {.size = sizeof device};

    host->device(instance, number, &device);
    fputs("{\"device_id\": ", out);
    if (device.id != 0 || strcmp(device.key, "0") == 0)
        fprintf(out, "%" PRIu64, device.id);
    else
        text_print_json(out, device.key);
    fputs(", \"name\": ", out);
    json_text_or_null(out, device.name);
}
