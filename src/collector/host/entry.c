/* SPDX-License-Identifier: MIT
 *
 * The end of an entry.
 */
#include "entry.h"

#include <stdlib.h>

#include "note.h"

void entry_free(struct entry *entry)
{
    note_forget();
    options_free(entry->values, entry->plugin.options.count);
    free(entry->values);
    free(entry->name);
    free(entry->file);
    free(entry->spill);
    plugin_unload(&entry->plugin);
}
