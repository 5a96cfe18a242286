/* SPDX-License-Identifier: MIT
 *
 * dlopen opens the file again, by its path.  Who could put another in its place in between may
 * write to its folder without being everybody; and that other one would have to be his own, which
 * the next start refuses.
 */
#include "plugin_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE(status) ((unsigned)(status)->st_mode & 07777u)

/* This program's own header, which the linker provides: what a plugin must be like. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* ---- who may have written it ---------------------------------------------------------- */

/* The first folder on the way to the file that may not be searched, or NULL; in `folder`. */
static const char *closed_folder(const char *path, char folder[PATH_MAX])
{
    const char *slash = path;

    while ((slash = strchr(slash, '/')) != NULL) {
        size_t length = slash > path ? (size_t)(slash - path) : 1;

        if (length >= PATH_MAX)
            return NULL;
        memcpy(folder, path, length);
        folder[length] = '\0';
        if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) < 0 && errno == EACCES)
            return folder;
        slash++;
    }
    return NULL;
}

void plugin_file_explain(const char *path, int error, char *why, size_t room)
{
    char folder[PATH_MAX];

    if (error == EACCES && closed_folder(path, folder) != NULL)
        snprintf(
            why, room,
            "cannot read the plugin \"%s\": %s; the user %u, as whom musterd runs, must be able "
            "to search the folder \"%s\" (chmod a+x)",
            path, strerror(error), (unsigned)geteuid(), folder);
    else if (error == EACCES)
        snprintf(
            why, room,
            "cannot read the plugin \"%s\": %s; the user %u, as whom musterd runs, must be able "
            "to read it (chmod a+r)",
            path, strerror(error), (unsigned)geteuid());
    else
        snprintf(why, room, "cannot read the plugin \"%s\": %s", path, strerror(error));
}

/* Everybody could put another file in the place of this one. */
static bool is_open_to_all(const struct stat *folder)
{
    return (folder->st_mode & S_IWOTH) != 0 && (folder->st_mode & S_ISVTX) == 0;
}

static int check_folder_of(const char *file, const char *path, char *why, size_t room)
{
    const char *slash = strrchr(file, '/');
    char folder[PATH_MAX];
    struct stat status;

    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - file + 1),
             slash == NULL ? "." : file);
    if (stat(folder, &status) < 0 || !is_open_to_all(&status))
        return 0;
    snprintf(why, room,
             "the plugin \"%s\" is not loaded: everybody may put another file in its place, since "
             "the mode of the folder \"%s\" is %04o; chmod o-w %s",
             path, folder, MODE(&status), folder);
    return -1;
}

static int check_owner(const char *path, const struct stat *status, char *why, size_t room)
{
    char real[PATH_MAX];

    if (status->st_uid != 0 && status->st_uid != geteuid()) {
        snprintf(why, room,
                 "the plugin \"%s\" is not loaded: it belongs to the user %u, and neither to root "
                 "nor to the user %u, as whom musterd runs; chown root %s, if it is to be trusted",
                 path, (unsigned)status->st_uid, (unsigned)geteuid(), path);
        return -1;
    }
    if (status->st_mode & S_IWOTH) {
        snprintf(why, room,
                 "the plugin \"%s\" is not loaded: everybody may write to it, since its mode is "
                 "%04o; chmod o-w %s",
                 path, MODE(status), path);
        return -1;
    }
    if (check_folder_of(path, path, why, room) < 0)
        return -1;
    return realpath(path, real) == NULL ? 0 : check_folder_of(real, path, why, room);
}

/* ---- what is in it -------------------------------------------------------------------- */

static const char *machine_name(const ElfW(Ehdr) * header, char text[24])
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {
        {EM_386, "EM_386"},     {EM_X86_64, "EM_X86_64"}, {EM_ARM, "EM_ARM"},
        {EM_MIPS, "EM_MIPS"},   {EM_RISCV, "EM_RISCV"},   {EM_AARCH64, "EM_AARCH64"},
        {EM_PPC64, "EM_PPC64"}, {EM_S390, "EM_S390"},
    };
    bool turned = header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA];
    unsigned machine = turned ? __builtin_bswap16(header->e_machine) : header->e_machine;
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].machine == machine)
            return names[i].name;
    snprintf(text, 24, "machine %u", machine);
    return text;
}

/* Where the tables and segments of the file end, in bytes; 0: its program table is not there. */
static uint64_t end_of_contents(int fd, const ElfW(Ehdr) * header)
{
    uint64_t end = header->e_phoff + (uint64_t)header->e_phnum * header->e_phentsize;
    uint64_t sections = header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
    unsigned i;

    if (header->e_phentsize != sizeof(ElfW(Phdr)))
        return 0;
    for (i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;

        if (pread(fd, &segment, sizeof segment, (off_t)(header->e_phoff + i * sizeof segment)) !=
            sizeof segment)
            return end;
        if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end)
            end = segment.p_offset + segment.p_filesz;
    }
    return header->e_shoff != 0 && sections > end ? sections : end;
}

static int check_contents(int fd, const char *path, uint64_t size, char *why, size_t room)
{
    ElfW(Ehdr) header;
    char text[24], ours[24];
    ssize_t got = pread(fd, &header, sizeof header, 0);
    uint64_t end;

    if (got < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        snprintf(why, room,
                 "the plugin \"%s\" is no shared object: it does not begin as an ELF file does",
                 path);
        return -1;
    }
    if (got < (ssize_t)sizeof header) {
        snprintf(why, room, "the plugin \"%s\" is cut short: it has %ju bytes; copy it again", path,
                 (uintmax_t)size);
        return -1;
    }
    if (memcmp(header.e_ident, __ehdr_start.e_ident, EI_VERSION) != 0 ||
        header.e_machine != __ehdr_start.e_machine) {
        snprintf(why, room,
                 "the plugin \"%s\" is for another machine: %s, %d bits; expected %s, %d bits",
                 path, machine_name(&header, text),
                 header.e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64,
                 machine_name(&__ehdr_start, ours), (int)sizeof(void *) * 8);
        return -1;
    }
    if (header.e_type != ET_DYN) {
        snprintf(why, room,
                 "the plugin \"%s\" is an ELF file, but no shared object; link it with -shared",
                 path);
        return -1;
    }
    end = end_of_contents(fd, &header);
    if (end == 0 || end > size) {
        snprintf(
            why, room,
            "the plugin \"%s\" is cut short or damaged: it has %ju bytes, and its tables speak "
            "of %ju; copy it again",
            path, (uintmax_t)size, (uintmax_t)end);
        return -1;
    }
    return 0;
}

/* ---- both ----------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

int plugin_file_check(const char *path, char *why, size_t room)
{
    struct stat status;
    int fd = -1, result = -1;

    /* Looked at before it is opened, since to open a device may do something. */
    if (stat(path, &status) < 0)
        goto unreadable;
    if (!S_ISREG(status.st_mode))
        goto no_file;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        goto unreadable;
    if (!S_ISREG(status.st_mode))
        goto no_file;
    if (check_owner(path, &status, why, room) == 0)
        result = check_contents(fd, path, (uint64_t)status.st_size, why, room);
    goto done;

unreadable:
    plugin_file_explain(path, errno, why, room);
    goto done;
no_file:
    snprintf(why, room, "the plugin \"%s\" is %s; expected a shared object", path,
             kind_of(status.st_mode));
done:
    if (fd >= 0)
        close(fd);
    return result;
}
