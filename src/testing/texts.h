/* SPDX-License-Identifier: MIT
 *
 * What a plugin has said: log lines, and errors of its check.
 */
#ifndef TESTING_TEXTS_H
#define TESTING_TEXTS_H

#include "instance.h"

void texts_add(struct testing_texts *texts, uint32_t level, const char *option, const char *text);
void texts_free(struct testing_texts *texts);

#endif
