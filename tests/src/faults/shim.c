/* What an operating system may do to a server, on demand: loaded before libc, it stands between the two.
 *
 * A file of 64-bit numbers, named by SHIM_CONTROL and shared with the test, says what is to go wrong at the moment; see
 * shim.rs, which writes it. Only files of the database are concerned by what happens to files. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK, SYNC, SPACE_SET, SPACE_LEFT, REFUSED_WRITES, REFUSED_SYNCS, DNS_PORT, PASSED, FORGETS, SYNC_TAKES, SLOTS };

static volatile int64_t *control;
static char resolv[4096];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_CONTROL");
    const char *names = getenv("SHIM_RESOLV_CONF");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (names)
        snprintf(resolv, sizeof resolv, "%s", names);
    if (file < 0)
        return;
    void *shared = mmap(NULL, SLOTS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED)
        control = shared;
    close(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define SLOT(slot) (control ? __atomic_load_n(&control[slot], __ATOMIC_RELAXED) : 0)
#define COUNT(slot, change) __atomic_add_fetch(&control[slot], change, __ATOMIC_RELAXED)

static int is_database(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, "/sigpost.db") != NULL;
}

/* Time: the wall clock is off by so many nanoseconds, the monotonic one is right; and all have gone on by so many more,
 * as if they had passed. */

static int goes_on(clockid_t clock) {
    return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
           clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static __typeof__(&clock_gettime) real;
    if (!real)
        real = REAL(clock_gettime);
    int result = real(clock, time);
    int wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (result == 0 && (wall || goes_on(clock))) {
        int64_t now = time->tv_sec * INT64_C(1000000000) + time->tv_nsec + SLOT(PASSED) + (wall ? SLOT(CLOCK) : 0);
        time->tv_sec = now / 1000000000;
        time->tv_nsec = now % 1000000000;
    }
    return result;
}

/* Who waits until some time, by the clock above, must be called by the system's. */
long syscall(long number, ...) {
    long all[6];
    va_list more;
    va_start(more, number);
    for (int index = 0; index < 6; index++)
        all[index] = va_arg(more, long);
    va_end(more);
    struct timespec until;
    int operation = (int)all[1];
    if (number == SYS_futex && (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET &&
        !(operation & FUTEX_CLOCK_REALTIME) && all[3]) {
        until = *(struct timespec *)all[3];
        int64_t at = until.tv_sec * INT64_C(1000000000) + until.tv_nsec - SLOT(PASSED);
        until.tv_sec = at / 1000000000;
        until.tv_nsec = at % 1000000000;
        all[3] = (long)&until;
    }
    return REAL(syscall)(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

/* Space: files of the database may grow by so many bytes more, all together. */

static int finds_space(int file, off_t end) {
    struct stat before;
    if (!SLOT(SPACE_SET) || !is_database(file) || fstat(file, &before) != 0 || end <= before.st_size)
        return 1;
    int64_t growth = end - before.st_size;
    if (COUNT(SPACE_LEFT, -growth) >= 0)
        return 1;
    COUNT(SPACE_LEFT, growth);
    COUNT(REFUSED_WRITES, 1);
    errno = ENOSPC;
    return 0;
}

static void notes(int file, size_t count, off_t at);

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    notes(file, count, at);
    return finds_space(file, at + (off_t)count) ? REAL(pwrite)(file, bytes, count, at) : -1;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    notes(file, count, at);
    return finds_space(file, at + (off_t)count) ? REAL(pwrite64)(file, bytes, count, at) : -1;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (SLOT(SPACE_SET)) {
        off_t at = lseek(file, 0, SEEK_CUR);
        if (at >= 0 && !finds_space(file, at + (off_t)count))
            return -1;
    }
    return REAL(write)(file, bytes, count);
}

static void shrinks(int file, off_t length) {
    struct stat before;
    if (SLOT(SPACE_SET) && is_database(file) && fstat(file, &before) == 0 && length < before.st_size)
        COUNT(SPACE_LEFT, before.st_size - length);
}

int ftruncate(int file, off_t length) {
    shrinks(file, length);
    return REAL(ftruncate)(file, length);
}

int ftruncate64(int file, off64_t length) {
    shrinks(file, length);
    return REAL(ftruncate64)(file, length);
}

int posix_fallocate(int file, off_t at, off_t count) {
    return finds_space(file, at + count) ? REAL(posix_fallocate)(file, at, count) : ENOSPC;
}

int posix_fallocate64(int file, off64_t at, off64_t count) {
    return finds_space(file, at + count) ? REAL(posix_fallocate64)(file, at, count) : ENOSPC;
}

/* Durability: the disk says that it could not, for all files (1) or for the database without its log (2). Then what was
 * written to the database since it was last synced is gone, if that is asked for, as when a kernel drops pages that it
 * could not write: they count as written, and never are. */

struct note {
    off_t at;
    size_t count;
    char *before;
    struct note *next;
};

static struct note *unsynced;
static pthread_mutex_t noting = PTHREAD_MUTEX_INITIALIZER;

static int is_the_database_itself(int file) {
    static const char name[] = "/sigpost.db";
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path);
    size_t end = sizeof name - 1;
    return length >= (ssize_t)end && memcmp(path + length - end, name, end) == 0;
}

static void notes(int file, size_t count, off_t at) {
    if (!SLOT(FORGETS) || !is_the_database_itself(file))
        return;
    struct note *note = malloc(sizeof *note);
    char *before = calloc(1, count);
    if (!note || !before)
        abort();
    (void)!pread(file, before, count, at);
    pthread_mutex_lock(&noting);
    *note = (struct note){at, count, before, unsynced};
    unsynced = note;
    pthread_mutex_unlock(&noting);
}

static void settles(int file, int forgets) {
    pthread_mutex_lock(&noting);
    while (unsynced) {
        struct note *note = unsynced;
        if (forgets)
            (void)!REAL(pwrite64)(file, note->before, note->count, note->at);
        unsynced = note->next;
        free(note->before);
        free(note);
    }
    pthread_mutex_unlock(&noting);
}

static int fails_to_sync(int file) {
    int fails = SLOT(SYNC) == 1 ? is_database(file) : SLOT(SYNC) == 2 && is_the_database_itself(file);
    if (SLOT(FORGETS) && is_the_database_itself(file))
        settles(file, fails);
    if (!fails)
        return 0;
    COUNT(REFUSED_SYNCS, 1);
    errno = EIO;
    return 1;
}

/* And a disk may be slow: it needs so many nanoseconds more. */
static void takes_time(int file) {
    int64_t more = SLOT(SYNC_TAKES);
    struct timespec wait = {more / 1000000000, more % 1000000000};
    if (more && is_database(file))
        nanosleep(&wait, NULL);
}

int fsync(int file) {
    takes_time(file);
    return fails_to_sync(file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file) {
    takes_time(file);
    return fails_to_sync(file) ? -1 : REAL(fdatasync)(file);
}

/* Names: another list of name servers, and another port at which they are. */

static const char *instead(const char *path) {
    return resolv[0] && strcmp(path, "/etc/resolv.conf") == 0 ? resolv : path;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;                                      \
        va_end(more);                                                                                                  \
        return REAL(name)(instead(path), flags, mode);                                                                 \
    }
OPEN(open)
OPEN(open64)

/* The same address at the other port, if it is that of a name server. */
static const struct sockaddr *redirected(const struct sockaddr *to, struct sockaddr_in *copy) {
    if (to && to->sa_family == AF_INET && SLOT(DNS_PORT)) {
        memcpy(copy, to, sizeof *copy);
        if (ntohs(copy->sin_port) == 53) {
            copy->sin_port = htons((uint16_t)SLOT(DNS_PORT));
            return (const struct sockaddr *)copy;
        }
    }
    return to;
}

int connect(int socket, const struct sockaddr *to, socklen_t length) {
    struct sockaddr_in copy;
    return REAL(connect)(socket, redirected(to, &copy), length);
}

ssize_t sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
    struct sockaddr_in copy;
    return REAL(sendto)(socket, bytes, count, flags, redirected(to, &copy), length);
}

ssize_t recvfrom(int socket, void *restrict bytes, size_t count, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict length) {
    ssize_t result = REAL(recvfrom)(socket, bytes, count, flags, from, length);
    if (result >= 0 && from && from->sa_family == AF_INET && SLOT(DNS_PORT)) {
        struct sockaddr_in *sender = (struct sockaddr_in *)from;
        if (ntohs(sender->sin_port) == (uint16_t)SLOT(DNS_PORT))
            sender->sin_port = htons(53);
    }
    return result;
}
