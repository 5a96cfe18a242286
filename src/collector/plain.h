/* SPDX-License-Identifier: MIT
 *
 * The ledger in plain words: what came, where it is, and what was lost, where and why.
 */
#ifndef COLLECTOR_PLAIN_H
#define COLLECTOR_PLAIN_H

#include <stdio.h>

#include "collector/flow/chain.h"

/* A paragraph, folded at 80 columns. */
void plain_print(const struct chain *chain, const struct chain_account *account, FILE *out);

#endif
