/* SPDX-License-Identifier: MIT
 *
 * Text of strangers, as all programs write it.
 */
#ifndef PLUGINS_COMMON_TEXT_H
#define PLUGINS_COMMON_TEXT_H

#include <base/text.h>

#endif
