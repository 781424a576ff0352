/* Notes in which order a program creates, writes, syncs and renames files, and what it unlinks: loaded before libc, it
 * stands between the two. A line each goes to the file that ORDER_LOG names, about files below the folder ORDER_UNDER. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH 4096
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int file = -1;
static const char *under;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("ORDER_LOG");
    under = getenv("ORDER_UNDER");
    if (name && under)
        file = REAL(open)(name, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void note(const char *what, const char *path, const char *to) {
    char line[2 * PATH + 32];
    if (file < 0 || strncmp(path, under, strlen(under)) != 0)
        return;
    int length = snprintf(line, sizeof line, "%s\t%s\t%s\n", what, path, to);
    if (length > 0 && (size_t)length < sizeof line)
        (void)!syscall(SYS_write, file, line, (size_t)length);
}

static void note_file(const char *what, int which) {
    char link[64], path[PATH];
    snprintf(link, sizeof link, "/proc/self/fd/%d", which);
    ssize_t length = file < 0 ? -1 : readlink(link, path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = 0;
    note(what, path, "");
}

/* The whole name, whether or not there is a file of it. */
static const char *whole(const char *path, char *result) {
    char folder[PATH], found[PATH];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    if (!realpath(folder[0] ? folder : "/", found))
        return path;
    snprintf(result, PATH, "%s/%.*s", found, 255, slash ? slash + 1 : path);
    return result;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;                                      \
        va_end(more);                                                                                                  \
        int creates = flags & O_CREAT && access(path, F_OK) != 0;                                                      \
        int opened = REAL(name)(path, flags, mode);                                                                    \
        if (opened >= 0 && creates)                                                                                    \
            note_file("create", opened);                                                                               \
        return opened;                                                                                                 \
    }
OPEN(open)
OPEN(open64)

#define WRITES(result, name, parameters, arguments)                                                                    \
    result name parameters {                                                                                           \
        note_file("write", which);                                                                                     \
        return REAL(name) arguments;                                                                                   \
    }
WRITES(ssize_t, write, (int which, const void *bytes, size_t count), (which, bytes, count))
WRITES(ssize_t, pwrite, (int which, const void *bytes, size_t count, off_t at), (which, bytes, count, at))
WRITES(ssize_t, pwrite64, (int which, const void *bytes, size_t count, off64_t at), (which, bytes, count, at))
WRITES(int, ftruncate, (int which, off_t length), (which, length))
WRITES(int, ftruncate64, (int which, off64_t length), (which, length))

#define SYNCS(name)                                                                                                    \
    int name(int which) {                                                                                              \
        int result = REAL(name)(which);                                                                                \
        if (result == 0)                                                                                               \
            note_file("sync", which);                                                                                  \
        return result;                                                                                                 \
    }
SYNCS(fsync)
SYNCS(fdatasync)

int rename(const char *from, const char *to) {
    char source[PATH], target[PATH];
    int result = REAL(rename)(from, to);
    if (result == 0)
        note("rename", whole(from, source), whole(to, target));
    return result;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char source[PATH], target[PATH];
    int result = REAL(linkat)(from_folder, from, to_folder, to, flags);
    if (result == 0)
        note("link", whole(from, source), whole(to, target));
    return result;
}

int unlink(const char *path) {
    char gone[PATH];
    int result = REAL(unlink)(path);
    if (result == 0)
        note("unlink", whole(path, gone), "");
    return result;
}
