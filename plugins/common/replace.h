/* SPDX-License-Identifier: MIT
 *
 * Files that plugins write, from what all programs use: where a path leads, and replacing what is
 * there as a whole.
 */
#ifndef PLUGINS_COMMON_REPLACE_H
#define PLUGINS_COMMON_REPLACE_H

#include <base/destination.h>
#include <base/replace.h>

#endif
