/* SPDX-License-Identifier: MIT
 *
 * musterctl: asks a running musterd, and tells it what to do.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "base/suggest.h"
#include "ctl.h"

enum { COMMANDS_MOST = 64, CTL_WORDS = 64 /* of a filter */ };

const struct ctl_command ctl_commands[] = {
    {"status", "", "how the collector is, in all", CTL_NO_OPTION, 0, 0, ctl_status},
    {"sinks", "", "each sink: is it connected, and where are its records", CTL_NO_OPTION, 0, 0,
     ctl_sinks},
    {"plugins", "", "each entry of the chain: its plugin, version and figures", CTL_NO_OPTION, 0, 0,
     ctl_plugins},
    {"devices", "[FILTER]", "each device: how it is, and what is missing of it", CTL_NO_OPTION, 0,
     CTL_WORDS, ctl_devices},
    {"device", "ID", "all that is known of a device, by its id or name", CTL_NO_OPTION, 1, 1,
     ctl_device},
    {"loss", "[FILTER]", "what is missing, in all, or --by place, class or cause", CTL_BY, 0,
     CTL_WORDS, ctl_loss},
    {"gaps", "[FILTER]", "which numbers are missing", CTL_NO_OPTION, 0, CTL_WORDS, ctl_gaps},
    {"check", "[FILTER]", "for monitoring: --max-loss, --max-silent", CTL_LIMITS, 0, CTL_WORDS,
     ctl_check},
    {"forget", "ID", "as if the device was never heard", CTL_NO_OPTION, 1, 1, ctl_forget},
    {"reload", "", "read the configuration again, or --dry-run", CTL_DRY, 0, 0, ctl_reload},
    {"rotate", "", "have every sink open its output again", CTL_NO_OPTION, 0, 0, ctl_rotate},
    {"restart", "", "execute the program anew, without losing a datagram", CTL_NO_OPTION, 0, 0,
     ctl_restart},
    {"log-level", "LEVEL", "log errors, warnings, info or debug", CTL_NO_OPTION, 1, 1,
     ctl_log_level},
    {NULL, NULL, NULL, 0, 0, 0, NULL},
};

static void print_usage(FILE *out)
{
    const struct ctl_command *command;

    fputs("usage: musterctl [-s PATH] [--json | --csv] COMMAND\n"
          "\n"
          "Asks a running musterd, and tells it what to do.\n"
          "\n",
          out);
    for (command = ctl_commands; command->name != NULL; command++) {
        char left[64];

        snprintf(left, sizeof left, "%s %s", command->name, command->words);
        fprintf(out, "  %-20s %s\n", left, command->summary);
    }
    fputs("\n"
          "  -s, --socket PATH    the control socket; else " CTL_SOCKET "\n"
          "      --json           the daemon's lines as they are: JSON\n"
          "      --csv            as CSV, with a header\n"
          "      --by WHAT        of loss: place, class or cause\n"
          "      --max-loss P     of check: more than that share is missing, such as 1%\n"
          "      --max-silent N   of check: more than so many devices are silent\n"
          "      --dry-run        of reload: say what it would do\n"
          "      --version        print the version, and stop\n"
          "  -h, --help           print this, and stop\n"
          "\n"
          "A FILTER is words, all of which must hold: place=site-47 loss>5% silent>10m\n"
          "name~pump. The first is a field, the second =, !=, ~ (has), <, <=, > or >=.\n"
          "Exit status: 0 fine, 1 the daemon could not be asked or said no, 2 wrong usage;\n"
          "of check: 0 ok, 2 critical, 3 unknown.\n",
          out);
}

static const struct ctl_command *find_command(const char *name)
{
    const struct ctl_command *command;
    const char *names[COMMANDS_MOST];
    char hint[SUGGEST_ROOM];
    size_t count = 0;

    for (command = ctl_commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
        names[count++] = command->name;
    }
    fprintf(stderr, "musterctl: there is no command \"%s\"; %s\n", name,
            suggest_hint(hint, sizeof hint, name, names, count));
    return NULL;
}

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct ctl *ctl)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"csv", no_argument, NULL, 'c'},
        {"version", no_argument, NULL, 'V'},
        {"by", required_argument, NULL, 'b'},
        {"max-loss", required_argument, NULL, 'l'},
        {"max-silent", required_argument, NULL, 'm'},
        {"dry-run", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
        switch (option) {
        case 's':
            ctl->socket = optarg;
            break;
        case 'j':
            ctl->output = CTL_JSON;
            break;
        case 'c':
            ctl->output = CTL_CSV;
            break;
        case 'b':
            ctl->by = optarg;
            break;
        case 'l':
            ctl->max_loss = optarg;
            break;
        case 'm':
            ctl->max_silent = optarg;
            break;
        case 'd':
            ctl->dry = true;
            break;
        case 'V':
            printf("musterctl %s\n", PACKAGE_VERSION);
            return CTL_FINE;
        case 'h':
            print_usage(stdout);
            return CTL_FINE;
        default:
            fputs("try: musterctl --help\n", stderr);
            return CTL_USAGE;
        }
    }
    return -1;
}

/* Whether the command takes the options and words that were given. */
static bool is_usable(const struct ctl_command *command, const struct ctl *ctl)
{
    const char *stray = NULL;

    if (ctl->by != NULL && (command->options & CTL_BY) == 0)
        stray = "--by";
    if ((ctl->max_loss != NULL || ctl->max_silent != NULL) && (command->options & CTL_LIMITS) == 0)
        stray = "--max-loss or --max-silent";
    if (ctl->dry && (command->options & CTL_DRY) == 0)
        stray = "--dry-run";
    if (stray != NULL)
        fprintf(stderr, "musterctl: %s takes no %s\n", command->name, stray);
    else if (ctl->word_count < command->words_least || ctl->word_count > command->words_most)
        fprintf(stderr, "usage: musterctl [-s PATH] [--json | --csv] %s %s\n", command->name,
                command->words);
    else
        return true;
    return false;
}

/* Whatever is printed last may not have got out. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("musterctl: cannot write the answer");
    return status == CTL_FINE ? CTL_FAILED : status;
}

int main(int argc, char **argv)
{
    struct ctl ctl = {.socket = CTL_SOCKET, .connection.fd = -1};
    const struct ctl_command *command;
    int status = parse_options(argc, argv, &ctl);

    if (status >= 0)
        return finish(status);
    if (optind == argc) {
        fputs("musterctl: what to ask? try: musterctl --help\n", stderr);
        return CTL_USAGE;
    }
    command = find_command(argv[optind]);
    if (command == NULL)
        return CTL_USAGE;
    ctl.words = argv + optind + 1;
    ctl.word_count = argc - optind - 1;
    if (!is_usable(command, &ctl))
        return command->run == ctl_check ? CTL_UNKNOWN : CTL_USAGE;
    status = command->run(&ctl);
    connection_close(&ctl.connection);
    return finish(status);
}
