/* SPDX-License-Identifier: MIT
 *
 * When the daemon crashes: in which plugin, in one line on standard error.
 */
#ifndef COLLECTOR_CRASH_H
#define COLLECTOR_CRASH_H

/* [main] From now on, for the whole process.  The signal then does what it does by default, so that
 * there is a core dump where there would have been one.  A plugin's own handler stays in force. */
void crash_watch(void);

#endif
