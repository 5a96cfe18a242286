/* SPDX-License-Identifier: MIT
 *
 * muster-plugin: what an author of plugins needs beside the headers.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/standard.h"
#include "build.h"
#include "check.h"
#include "new.h"

enum { FAILED = 1, USAGE = 2 };

static const char usage[] =
    "usage: muster-plugin new NAME --sink|--filter [--cxx]\n"
    "       muster-plugin check FILE.so [OPTION=VALUE ...]\n"
    "       muster-plugin --help | --version\n"
    "\n"
    "new     makes a folder NAME with a plugin that works, a test and a manual page\n"
    "check   loads a plugin as musterd does, calls it in all legal orders, and says\n"
    "        what it does wrong\n"
    "\n"
    "  --sink, --filter  what the new plugin is\n"
    "  --cxx             in C++17 instead of C\n"
    "  --help            print this\n"
    "  --version         print the version\n";

static int wrong(const char *text, const char *argument)
{
    fprintf(stderr, "muster-plugin: %s%s%s%s\ntry: muster-plugin --help\n", text,
            argument != NULL ? " \"" : "", argument != NULL ? argument : "",
            argument != NULL ? "\"" : "");
    return USAGE;
}

static int run_new(char **arguments)
{
    const char *name = NULL;
    bool is_sink = false, is_filter = false, is_cxx = false;

    for (; *arguments != NULL; arguments++) {
        if (strcmp(*arguments, "--sink") == 0)
            is_sink = true;
        else if (strcmp(*arguments, "--filter") == 0)
            is_filter = true;
        else if (strcmp(*arguments, "--cxx") == 0)
            is_cxx = true;
        else if ((*arguments)[0] == '-')
            return wrong("new: there is no option", *arguments);
        else if (name != NULL)
            return wrong("new: one name is enough, and this is the second:", *arguments);
        else
            name = *arguments;
    }
    if (name == NULL)
        return wrong("new: the plugin needs a name", NULL);
    if (is_sink == is_filter)
        return wrong("new: a plugin is either a --sink or a --filter", NULL);
    return new_run(name, is_filter, is_cxx);
}

static int run(int count, char **arguments)
{
    if (count < 2)
        return wrong("expected new or check", NULL);
    if (strcmp(arguments[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        puts("muster-plugin " PACKAGE_VERSION);
        return 0;
    }
    if (strcmp(arguments[1], "new") == 0)
        return run_new(arguments + 2);
    if (strcmp(arguments[1], "check") != 0)
        return wrong("there is no command", arguments[1]);
    if (count < 3)
        return wrong("check: which FILE.so?", NULL);
    return check_run(arguments[2], arguments + 3);
}

int main(int count, char **arguments)
{
    int status;

    if (standard_open(false) < 0)
        return FAILED;
    status = run(count, arguments);
    return standard_finish("muster-plugin") == 0 || status != 0 ? status : FAILED;
}
