/* SPDX-License-Identifier: MIT
 *
 * A manifest says of a finished segment what is in it, and what is not.
 */
#include "manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../common/text.h"

#define SECOND UINT64_C(1000000000)

/* ---- Holes ---------------------------------------------------------------------------- */

void holes_add(struct holes *holes, const struct hole *hole)
{
    holes->records += hole->count;
    if (holes->count == holes->room && holes->room < HOLES_MOST) {
        size_t room = holes->room == 0 ? 16 : holes->room * 2;
        struct hole *list = realloc(holes->list, room * sizeof *list);

        if (list != NULL) {
            holes->list = list;
            holes->room = room;
        }
    }
    if (holes->count < holes->room)
        holes->list[holes->count++] = *hole;
    else
        holes->more++;
}

void holes_free(struct holes *holes)
{
    free(holes->list);
    memset(holes, 0, sizeof *holes);
}

/* ---- Parts ---------------------------------------------------------------------------- */

/* A field of the file: in it, a double quote is there twice. */
static void put_field(FILE *out, const char *field)
{
    char *text = strdup(field), *to = text;

    for (; text != NULL && *field != '\0'; field++) {
        *to++ = *field;
        if (field[0] == '"' && field[1] == '"')
            field++;
    }
    if (text != NULL)
        *to = '\0';
    text_print_json(out, text != NULL ? text : "");
    free(text);
}

/* A number as the file has it. */
static void put_number(FILE *out, const char *digits)
{
    if (digits[0] == '\0')
        fputs("null", out);
    else if (digits[strspn(digits, "0123456789")] == '\0')
        fputs(digits, out);
    else
        put_field(out, digits);
}

static void put_time(FILE *out, uint64_t ns)
{
    fprintf(out, "%" PRIu64 ".%06" PRIu64, ns / SECOND, ns % SECOND / 1000);
}

static void put_arrivals(FILE *out, const struct figures *figures)
{
    const bool is_known = figures->last_ns >= figures->first_ns;

    fputs(",\n  \"first_arrival\": ", out);
    if (is_known)
        put_time(out, figures->first_ns);
    else
        fputs("null", out);
    fputs(",\n  \"last_arrival\": ", out);
    if (is_known)
        put_time(out, figures->last_ns);
    else
        fputs("null", out);
}

static void put_sha256(FILE *out, const char *text)
{
    if (text[0] != '\0')
        fprintf(out, ", \"sha256\": \"%s\"", text);
}

static void put_files(FILE *out, const struct manifest *manifest)
{
    fputs("  \"file\": {\"name\": ", out);
    text_print_json(out, manifest->file);
    fprintf(out, ", \"bytes\": %" PRIu64, manifest->bytes);
    put_sha256(out, manifest->sha256);
    fputs("},\n  \"content\": ", out);
    if (manifest->content != NULL) {
        fputs("{\"name\": ", out);
        text_print_json(out, manifest->content);
        fprintf(out, ", \"bytes\": %" PRIu64, manifest->content_bytes);
        put_sha256(out, manifest->content_sha256);
        fputs("},\n", out);
    } else {
        fputs("null,\n", out);
    }
}

static void put_holes(FILE *out, const struct holes *holes)
{
    size_t i;

    if (holes == NULL) {
        fputs(",\n  \"dropped\": null,\n  \"holes\": null", out);
        return;
    }
    fprintf(out, ",\n  \"dropped\": %" PRIu64 ",\n  \"holes\": [", holes->records);
    for (i = 0; i < holes->count; i++) {
        fprintf(out, "%s\n    {\"device\": ", i > 0 ? "," : "");
        text_print_json(out, holes->list[i].device);
        fputs(", \"before\": ", out);
        put_time(out, holes->list[i].arrival_ns);
        fprintf(out, ", \"count\": %" PRIu64 "}", holes->list[i].count);
    }
    fputs(holes->count > 0 ? "\n  ]" : "]", out);
    if (holes->more > 0)
        fprintf(out, ",\n  \"more_holes\": %" PRIu64, holes->more);
}

static void put_devices(FILE *out, const struct figures *figures)
{
    size_t i;

    if (figures->header == NULL || figures->columns.device < 0) {
        fputs(",\n  \"devices\": null\n", out);
        return;
    }
    fputs(",\n  \"devices\": [", out);
    for (i = 0; i < figures->device_count; i++) {
        const struct figures_device *device = figures->devices[i];

        fprintf(out, "%s\n    {\"device\": ", i > 0 ? "," : "");
        put_field(out, device->key);
        fprintf(out, ", \"rows\": %" PRIu64 ", \"first\": ", device->rows);
        put_number(out, device->first);
        fputs(", \"last\": ", out);
        put_number(out, device->last);
        fputc('}', out);
    }
    fputs(figures->device_count > 0 ? "\n  ]\n" : "]\n", out);
}

char *manifest_text(const struct manifest *manifest, size_t *size)
{
    const time_t second = (time_t)manifest->second;
    char *text = NULL, when[32];
    FILE *out = open_memstream(&text, size);
    bool is_whole;
    struct tm tm;

    if (out == NULL)
        return NULL;
    gmtime_r(&second, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fputs("{\n", out);
    put_files(out, manifest);
    fprintf(out, "  \"number\": %" PRIu64 ",\n  \"finished\": \"%s\",\n  \"rows\": %" PRIu64,
            manifest->number, when, manifest->figures->rows);
    put_arrivals(out, manifest->figures);
    fprintf(out, ",\n  \"durable_bytes\": %" PRIu64,
            (manifest->content != NULL ? manifest->content_bytes : manifest->bytes) -
                manifest->unsure_bytes);
    put_holes(out, manifest->holes);
    put_devices(out, manifest->figures);
    fputs("}\n", out);
    is_whole = ferror(out) == 0;
    if (fclose(out) == 0 && is_whole)
        return text;
    free(text);
    return NULL;
}
