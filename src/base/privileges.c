/* SPDX-License-Identifier: MIT
 *
 * The order matters: groups need root, and so does the bounding set.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A number alone, other than the one that means "as it is". */
static bool is_id(const char *text, unsigned *id)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    *id = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value < UINT32_MAX;
}

enum privileges_outcome privileges_find(struct privileges *privileges, const char *user,
                                        const char *group)
{
    /* cppcheck-suppress getpwnamCalled; no other thread asks for users, here and below */
    const struct passwd *entry = getpwnam(user);
    const struct group *other;
    unsigned id;

    *privileges = (struct privileges){0};
    if (entry == NULL && is_id(user, &id)) {
        entry = getpwuid(id); /* cppcheck-suppress getpwuidCalled */
        privileges->uid = id;
    } else if (entry == NULL) {
        return PRIVILEGES_NO_USER;
    }
    if (entry != NULL) {
        privileges->has_entry = true;
        privileges->uid = entry->pw_uid;
        privileges->gid = entry->pw_gid;
    }
    if (privileges->uid == 0)
        return PRIVILEGES_ROOT;
    if (group == NULL && entry == NULL)
        return PRIVILEGES_NEEDS_GROUP;
    if (group != NULL) {
        other = getgrnam(group); /* cppcheck-suppress getgrnamCalled */
        if (other == NULL && !is_id(group, &id))
            return PRIVILEGES_NO_GROUP;
        privileges->gid = other != NULL ? other->gr_gid : id;
    }
    privileges->are_given = true;
    return PRIVILEGES_FOUND;
}

static int set_groups(const struct privileges *privileges)
{
    /* cppcheck-suppress getpwuidCalled */
    const struct passwd *entry = privileges->has_entry ? getpwuid(privileges->uid) : NULL;

    return entry != NULL ? initgroups(entry->pw_name, privileges->gid)
                         : setgroups(1, &privileges->gid);
}

static int empty_bounding_set(void)
{
    unsigned long capability;

    for (capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
            return -1;
    return 0;
}

int privileges_drop(const struct privileges *privileges)
{
    uid_t uid = privileges->uid;
    gid_t gid = privileges->gid;

    if (!privileges->are_given)
        return 0;
    if (geteuid() != uid || getuid() != uid) {
        if (set_groups(privileges) < 0 || empty_bounding_set() < 0 ||
            setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
            return errno;
    } else if (getegid() != gid) {
        return EPERM;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
        return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return errno;
    /* What must not work any more; if it does, the kernel has kept something. */
    return setresuid(0, 0, 0) == 0 || setuid(0) == 0 ? ENOTRECOVERABLE : 0;
}
