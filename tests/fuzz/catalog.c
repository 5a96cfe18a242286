/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the reader of devices.yaml.  An input is the file.
 */
#include "fuzz.h"

#include "collector/config/devices.h"
#include "file.h"

const char *const fuzz_corpus = "catalog";

static void look_up(const struct catalog *catalog, uint16_t id)
{
    struct muster_device device = {.size = sizeof device};

    fuzz_check(catalog_class(catalog, id) != NULL, "every device has a class");
    catalog_device(catalog, id, &device);
    fuzz_check(device.class_name != NULL, "every class has a name");
    catalog_place(catalog, id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = {0};
    struct fuzz_file file;
    struct catalog *catalog;
    uint32_t id;

    fuzz_file_open(&file, data, size);
    catalog = devices_load(file.path, &problems);
    fuzz_check((catalog == NULL) == (problems_count(&problems) > 0), "a catalog or problems");
    for (id = 0; catalog != NULL && id < MUSTER_DEVICE_IDS; id += 51)
        look_up(catalog, (uint16_t)id);
    catalog_free(catalog);
    fuzz_print(&problems);
    problems_free(&problems);
    fuzz_file_close(&file);
    return 0;
}
