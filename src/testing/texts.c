/* SPDX-License-Identifier: MIT
 *
 * What a plugin has said: log lines, and errors of its check.
 */
#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "misuse.h"

void texts_add(struct testing_texts *texts, uint32_t level, const char *option, const char *text)
{
    texts->all = reallocarray(texts->all, texts->count + 1u, sizeof texts->all[0]);
    if (texts->all == NULL)
        misuse_no_memory();
    texts->all[texts->count] = (struct testing_text){level, option, strdup(text)};
    if (texts->all[texts->count].text == NULL)
        misuse_no_memory();
    texts->count++;
}

void texts_free(struct testing_texts *texts)
{
    uint32_t i;

    for (i = 0; i < texts->count; i++)
        free(texts->all[i].text);
    free(texts->all);
    memset(texts, 0, sizeof *texts);
}

uint32_t muster_test_logged(struct muster_instance *instance, int level, const char *part)
{
    uint32_t count = 0;
    uint32_t i;

    pthread_mutex_lock(&instance->mutex);
    for (i = 0; i < instance->log.count; i++)
        count += (level < 0 || instance->log.all[i].level == (uint32_t)level) &&
                 strstr(instance->log.all[i].text, part) != NULL;
    pthread_mutex_unlock(&instance->mutex);
    return count;
}

void muster_test_forget_log(struct muster_instance *instance)
{
    pthread_mutex_lock(&instance->mutex);
    texts_free(&instance->log);
    pthread_mutex_unlock(&instance->mutex);
}

const char *muster_test_log_line(struct muster_instance *instance, uint32_t index)
{
    const char *text;

    pthread_mutex_lock(&instance->mutex);
    text = index < instance->log.count ? instance->log.all[index].text : NULL;
    pthread_mutex_unlock(&instance->mutex);
    return text;
}

uint32_t muster_test_errors(struct muster_instance *instance, const char *option, const char *part)
{
    uint32_t count = 0;
    uint32_t i;

    for (i = 0; i < instance->errors.count; i++) {
        const struct testing_text *error = &instance->errors.all[i];
        bool same = option == NULL || error->option == NULL ? option == error->option
                                                            : strcmp(option, error->option) == 0;

        count += same && strstr(error->text, part) != NULL;
    }
    return count;
}

uint32_t muster_test_error_count(struct muster_instance *instance)
{
    return instance->errors.count;
}
