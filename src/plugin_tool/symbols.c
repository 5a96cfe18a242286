/* SPDX-License-Identifier: MIT
 *
 * Which symbols a shared object shows to others: its ELF section .dynsym.  The loader has seen to
 * it that the file is a whole one of this machine.
 */
#include "symbols.h"

#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

struct file {
    const uint8_t *bytes;
    size_t size;
};

/* Whether [offset, offset + size) is in the file. */
static bool has(const struct file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset;
}

/* Linkers of old export these; templates of the C++ library are weak. */
static bool is_usual(const ElfW(Sym) * symbol, const char *name)
{
    static const char *const names[] = {"muster_plugin_v1", "_init", "_fini", "_edata", "_end"};
    size_t i;

    /* Names that begin so are the compiler's, such as a sanitizer's. */
    if (ELF64_ST_BIND(symbol->st_info) != STB_GLOBAL || strncmp(name, "__", 2) == 0)
        return true;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void look(const ElfW(Sym) * symbol, const char *name)
{
    if (name[0] == '\0')
        return;
    if (symbol->st_shndx == SHN_UNDEF) {
        if (strncmp(name, "muster_", 7) == 0)
            report_finding("it needs the symbol %s; a plugin has no undefined symbol of the host",
                           name);
    } else if (!is_usual(symbol, name)) {
        report_finding("it exports %s; only muster_plugin_v1 is for others: make it static, or "
                       "compile with -fvisibility=hidden",
                       name);
    }
}

static void look_at_all(const struct file *file)
{
    const ElfW(Ehdr) *head = (const void *)file->bytes;
    const ElfW(Shdr) * sections;
    unsigned i;
    size_t k;

    if (!has(file, 0, sizeof *head) ||
        !has(file, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections))
        return;
    sections = (const void *)(file->bytes + head->e_shoff);
    for (i = 0; i < head->e_shnum; i++) {
        const ElfW(Shdr) *section = &sections[i], *names;
        const ElfW(Sym) * symbols;

        if (section->sh_type != SHT_DYNSYM || section->sh_link >= head->e_shnum)
            continue;
        names = &sections[section->sh_link];
        if (!has(file, section->sh_offset, section->sh_size) ||
            !has(file, names->sh_offset, names->sh_size))
            continue;
        symbols = (const void *)(file->bytes + section->sh_offset);
        for (k = 1; k < section->sh_size / sizeof *symbols; k++)
            if (symbols[k].st_name < names->sh_size)
                look(&symbols[k],
                     (const char *)file->bytes + names->sh_offset + symbols[k].st_name);
    }
}

void symbols_check(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    struct file file;
    void *map;

    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && info.st_size > 0) {
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map != MAP_FAILED) {
            file = (struct file){map, (size_t)info.st_size};
            look_at_all(&file);
            munmap(map, file.size);
        }
    }
    close(fd);
}
