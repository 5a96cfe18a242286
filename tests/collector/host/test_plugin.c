/* SPDX-License-Identifier: MIT
 *
 * The loader and plugins of this version, of others, and files that are none.
 */
#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/host/plugin.h"
#include "common/runner.h"

static char built[PATH_MAX]; /* the folder of the odd plugins */
static const char *directories[] = {"/nowhere/at/all", built, NULL};
static struct plugin plugin;
static char why[1024];

static void set_up(void)
{
    const char *top = getenv("top_builddir");

    snprintf(built, sizeof built, "%s/tests/collector/host/.libs", top != NULL ? top : ".");
    memset(&plugin, 0xff, sizeof plugin);
    why[0] = '\0';
}

static void expect_loaded(const char *name)
{
    int result = plugin_load(&plugin, name, directories, why, sizeof why);

    ck_assert_msg(result == 0, "%s: %s", name, why);
    ck_assert_str_eq(plugin.api.name, "odd");
    ck_assert_str_eq(plugin_role_name(&plugin), "sink");
    ck_assert_ptr_nonnull(plugin.sink.write);
    ck_assert_ptr_null(plugin.sink.tick);
    ck_assert_uint_eq(plugin.sink.takes, MUSTER_TAKES_MESSAGES);
    ck_assert_uint_eq(plugin.options.count, 2);
    ck_assert_str_eq(option_at(&plugin.options, 0).name, "one");
    ck_assert_str_eq(option_at(&plugin.options, 1).name, "two");
    ck_assert_str_eq(option_at(&plugin.options, 1).fallback, "2");
    ck_assert_str_eq(plugin_event_name(&plugin, 128), "first-event");
    ck_assert_str_eq(plugin_event_name(&plugin, 255), "event-2");
    ck_assert_ptr_null(plugin_event_name(&plugin, 200));
    ck_assert_str_eq(plugin_reject_name(&plugin, 128), "odd");
    ck_assert_str_eq(plugin_reject_name(&plugin, 200), "unwanted");
    ck_assert_ptr_null(plugin_reject_name(&plugin, 255));
}

static void expect_refused(const char *name, const char *reason)
{
    ck_assert_int_eq(plugin_load(&plugin, name, directories, why, sizeof why), -1);
    ck_assert_msg(strstr(why, reason) != NULL, "%s: %s; expected: %s", name, why, reason);
    ck_assert_ptr_null(plugin.handle); /* nothing to unload */
    ck_assert_ptr_null(plugin.path);
}

START_TEST(of_this_version)
{
    char file[PATH_MAX + 32];

    expect_loaded("odd_good");
    ck_assert_uint_eq(plugin.api.size, sizeof(struct muster_plugin));
    plugin_unload(&plugin);
    ck_assert_ptr_null(plugin.handle);
    snprintf(file, sizeof file, "%s/odd_good.so", built); /* that very file */
    expect_loaded(file);
    ck_assert_str_eq(plugin.path, file);
    plugin_unload(&plugin);
}
END_TEST

START_TEST(of_a_later_version)
{
    expect_loaded("odd_future");
    ck_assert_uint_gt(plugin.api.size, sizeof(struct muster_plugin));
    ck_assert_uint_gt(plugin.options.stride, sizeof(struct muster_option));
    ck_assert_uint_gt(plugin.api.abi_minor, MUSTER_ABI_MINOR);
    plugin_unload(&plugin);
}
END_TEST

START_TEST(refused)
{
    char expected[100];

    snprintf(expected, sizeof expected, "of %zu bytes and ABI %d.%d; expected at least %zu bytes",
             sizeof(struct muster_plugin) - sizeof(void *), MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR,
             sizeof(struct muster_plugin));
    expect_refused("odd_short", expected);
    snprintf(expected, sizeof expected, "and ABI %d.%d; expected", MUSTER_ABI_MAJOR + 1,
             MUSTER_ABI_MINOR);
    expect_refused("odd_major", expected);
    snprintf(expected, sizeof expected, "rebuild it with the headers of this musterd (ABI %d.%d)",
             MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR);
    expect_refused("odd_major", expected);
    expect_refused("odd_no_write", "it is a sink without write()");
    expect_refused("odd_options",
                   "its table `options` has an option_size of 8 bytes; expected at least ");
    expect_refused("odd_reserved",
                   "option queue is called as one of the host's (plugin, name, queue, required)");
    expect_refused("odd_no_role", "it is neither a filter nor a sink");
    expect_refused("odd_no_name", "its name, version or summary is missing or malformed");
    expect_refused("odd_number",
                   "\"event-2\" in its `events` has the number 127; expected 128 to 255");
    expect_refused("odd_twice",
                   "\"unwanted\" and \"odd\" in its `rejects` have the same number, 200");
    expect_refused("odd_word",
                   "\"second event\" in its `events` (number 255) is not called as one");
    expect_refused("odd_names",
                   "its table `events` has a name_size of 8 bytes; expected at least 24");
    expect_refused("odd_no_symbol", "it has no symbol muster_plugin_v1");
}
END_TEST

START_TEST(not_there)
{
    char expected[2 * PATH_MAX];

    expect_refused("odd_god", "; did you mean \"odd_good\"?");
    snprintf(expected, sizeof expected,
             "there is no plugin \"zzz\" (no zzz.so in \"/nowhere/at/all\", \"%s\")", built);
    expect_refused("zzz", expected);
    expect_refused("./zzz.so", "cannot read the plugin \"./zzz.so\": No such file or directory");
    expect_refused("", "there is no plugin \"\"");
}
END_TEST

/* ---- files that are no plugin --------------------------------------------------------- */

static char folder[64], path[128]; /* of a test's own, and a file in it */
static char *bytes;                /* of a shared object */
static size_t size;

static void read_from(const char *folder_of_it, const char *name)
{
    char file[PATH_MAX + 32];
    FILE *in;

    snprintf(file, sizeof file, "%s/%s", folder_of_it, name);
    in = fopen(file, "rb");
    ck_assert_ptr_nonnull(in);
    fseek(in, 0, SEEK_END);
    size = (size_t)ftell(in);
    rewind(in);
    free(bytes);
    bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, size, in), size);
    fclose(in);
}

/* Writes the first `length` bytes into the file. */
static void write_file(const char *from, size_t length)
{
    FILE *out;

    unlink(path); /* a plugin that is not unloaded, as with a sanitizer, keeps the old one */
    out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(from, 1, length, out), length);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
}

static void set_up_files(void)
{
    set_up();
    snprintf(folder, sizeof folder, "/tmp/muster-loader-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    chmod(folder, 0755);
    snprintf(path, sizeof path, "%s/odd.so", folder);
    bytes = NULL;
    read_from(built, "odd_good.so");
}

static void tear_down_files(void)
{
    free(bytes);
    unlink(path);
    rmdir(folder);
}

/* Refused for that reason, and the file is named. */
static void expect_file_refused(const char *reason)
{
    expect_refused(path, reason);
    ck_assert_msg(strstr(why, path) != NULL, "%s", why);
}

START_TEST(no_shared_object)
{
    static const char text[] = "this is no shared object\n";

    write_file(bytes, size);
    expect_loaded(path);
    plugin_unload(&plugin);
    write_file(text, sizeof text - 1);
    expect_file_refused("is no shared object: it does not begin as an ELF file does");
    write_file(text, 0);
    expect_file_refused("is no shared object");
    expect_refused(folder, "is a folder; expected a shared object");
    expect_refused("/dev/zero", "\"/dev/zero\" is a device; expected a shared object");
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody writes to it: an open would wait */
    expect_file_refused("is a FIFO; expected a shared object");
}
END_TEST

/* Cut anywhere, it is refused before dlopen would die of it. */
START_TEST(cut_short)
{
    size_t length;

    write_file(bytes, SELFMAG);
    expect_file_refused("is cut short: it has 4 bytes; copy it again");
    for (length = SELFMAG; length < size; length += length < 100 ? 1 : 997) {
        write_file(bytes, length);
        expect_file_refused("is cut short");
    }
}
END_TEST

START_TEST(for_another_machine)
{
    Elf64_Ehdr header;

    memcpy(&header, bytes, sizeof header);
    header.e_machine = header.e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
    memcpy(bytes, &header, sizeof header);
    write_file(bytes, size);
    expect_file_refused(header.e_machine == EM_AARCH64 ? "is for another machine: EM_AARCH64"
                                                       : "is for another machine: EM_X86_64");
    bytes[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    write_file(bytes, size);
    expect_file_refused("is for another machine: ");
    bytes[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    read_from(built, "odd_good.so");
    memcpy(&header, bytes, sizeof header);
    header.e_type = ET_REL;
    memcpy(bytes, &header, sizeof header);
    write_file(bytes, size);
    expect_file_refused("is an ELF file, but no shared object; link it with -shared");
}
END_TEST

START_TEST(a_library_is_missing)
{
    const char *top = getenv("top_builddir");
    char plugins[PATH_MAX], *needed;

    snprintf(plugins, sizeof plugins, "%s/plugins/.libs", top != NULL ? top : ".");
    read_from(plugins, "stats.so");
    needed = memmem(bytes, size, "libc.so.6", 9);
    ck_assert_ptr_nonnull(needed);
    memcpy(needed, "libz_.so.", 9);
    write_file(bytes, size);
    expect_file_refused("libz_.so.: cannot open shared object file");
    ck_assert_msg(strstr(why, "; install that library") != NULL, "%s", why);
}
END_TEST

START_TEST(in_the_hands_of_others)
{
    write_file(bytes, size);
    chmod(path, 0775); /* the group is the owner's business */
    expect_loaded(path);
    plugin_unload(&plugin);
    chmod(path, 0757);
    expect_file_refused("is not loaded: everybody may write to it, since its mode is 0757; chmod");
    chmod(path, 0755);
    chmod(folder, 0777);
    expect_file_refused(
        "everybody may put another file in its place, since the mode of the folder");
    chmod(folder, 01777);
    expect_loaded(path);
    plugin_unload(&plugin);
    chmod(folder, 0755);
    if (geteuid() != 0)
        return; /* nobody else may give a file away */
    ck_assert_int_eq(chown(path, 4711, 0), 0);
    expect_file_refused("belongs to the user 4711, and neither to root nor to the user 0");
    ck_assert_int_eq(seteuid(4711), 0);
    expect_loaded(path);
    plugin_unload(&plugin);
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* A link is as safe as the folder of what it leads to. */
START_TEST(through_a_link)
{
    char link[160];

    write_file(bytes, size);
    snprintf(link, sizeof link, "/tmp/%s.so", strrchr(folder, '/') + 1);
    ck_assert_int_eq(symlink(path, link), 0);
    expect_loaded(link);
    plugin_unload(&plugin);
    chmod(folder, 0777);
    expect_refused(link, "everybody may put another file in its place");
    unlink(path);
    expect_refused(link, "No such file or directory");
    unlink(link);
}
END_TEST

START_TEST(not_readable)
{
    const char *first[] = {folder, built, NULL};
    char expected[300];
    uid_t user = geteuid();

    write_file(bytes, size);
    if (user == 0) /* for whom modes mean nothing */
        ck_assert_int_eq(seteuid(4711), 0);
    if (user != 0)
        chmod(path, 0);
    else
        ck_assert(seteuid(0) == 0 && chmod(path, 0) == 0 && seteuid(4711) == 0);
    snprintf(expected, sizeof expected,
             "the user %u, as whom musterd runs, must be able to read it", (unsigned)geteuid());
    expect_file_refused(expected);
    ck_assert(seteuid(user) == 0 && chmod(folder, 0) == 0);
    ck_assert(user != 0 || seteuid(4711) == 0);
    snprintf(expected, sizeof expected, "must be able to search the folder \"%s\"", folder);
    expect_file_refused(expected);
    /* It might have been there, and another would be loaded instead. */
    ck_assert_int_eq(plugin_load(&plugin, "odd_good", first, why, sizeof why), -1);
    ck_assert_msg(strstr(why, expected) != NULL, "%s", why);
    ck_assert(seteuid(user) == 0 && chmod(folder, 0755) == 0);
}
END_TEST

Suite *test_suite(void)
{
    const TTest *const tests[] = {of_this_version, of_a_later_version, refused, not_there};
    const TTest *const file_tests[] = {no_shared_object,      cut_short,      for_another_machine,
                                       a_library_is_missing,  through_a_link, not_readable,
                                       in_the_hands_of_others};
    Suite *suite = suite_create("loader");
    TCase *tcase = tcase_create("loader"), *files = tcase_create("files");
    size_t i;

    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(files, set_up_files, tear_down_files);
    for (i = 0; i < sizeof file_tests / sizeof file_tests[0]; i++)
        tcase_add_test(files, file_tests[i]);
    suite_add_tcase(suite, files);
    return suite;
}
