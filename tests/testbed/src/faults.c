// Preloaded into a program under test: moves its clock, fills its disk, kills it at a chosen write.
//
// FIRN_FAULT_CLOCK=FILE    FILE holds a 64-bit number in the machine's byte order: seconds added to the wall clock.
// FIRN_FAULT_UNDER=FOLDER  the writes meant below are those to regular files of this folder.
// FIRN_FAULT_FULL=FILE     as long as FILE is there, no such file grows (ENOSPC); what it holds can be written over.
// FIRN_FAULT_FULL_AT=N     from the N-th growing write on, no such file grows.
// FIRN_FAULT_KILL_AT=N     SIGKILL instead of the N-th write.
// FIRN_FAULT_TEAR_AT=N     SIGKILL in the middle of the N-th write: half of it is in the file.
// FIRN_FAULT_COUNT=FILE    the number of writes and of growing ones so far, two 64-bit numbers.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const int64_t *clock_offset;
static const char *under, *full;
static long long full_at, kill_at, tear_at;
static _Atomic int64_t own_counts[2];
static _Atomic int64_t *counts = own_counts;

// A copy: PostgreSQL writes its process title over the environment it was started with.
static const char *text(const char *name) {
    const char *value = getenv(name);
    return value ? strdup(value) : NULL;
}

static long long number(const char *name) {
    const char *value = getenv(name);
    return value ? atoll(value) : 0;
}

static void *mapped(const char *name, int flags, int protection, size_t size) {
    const char *path = getenv(name);
    if (!path) return NULL;
    int file = open(path, flags);
    if (file < 0) _exit(99);
    void *memory = mmap(NULL, size, protection, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) _exit(99);
    return memory;
}

__attribute__((constructor)) static void begin(void) {
    clock_offset = mapped("FIRN_FAULT_CLOCK", O_RDONLY, PROT_READ, 8);
    under = text("FIRN_FAULT_UNDER");
    full = text("FIRN_FAULT_FULL");
    full_at = number("FIRN_FAULT_FULL_AT");
    kill_at = number("FIRN_FAULT_KILL_AT");
    tear_at = number("FIRN_FAULT_TEAR_AT");
    void *shared = mapped("FIRN_FAULT_COUNT", O_RDWR, PROT_READ | PROT_WRITE, 16);
    if (shared) counts = shared;
}

static int64_t offset(void) { return clock_offset ? *(volatile const int64_t *)clock_offset : 0; }

#define REAL(result, name, ...)                                              \
    static result (*real)(__VA_ARGS__);                                      \
    if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *at) {
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    int result = real(clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *at, void *zone) {
    REAL(int, gettimeofday, struct timeval *, void *);
    int result = real(at, zone);
    if (result == 0) at->tv_sec += offset();
    return result;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

// Returns whether the file is one of those meant, and its size.
static int is_meant(int file, off_t *size) {
    if (!under) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, under, strlen(under)) != 0) return 0;
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    *size = status.st_size;
    return 1;
}

enum { DIE = -1 };

static ssize_t refuse(int verdict) {
    if (verdict == DIE) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = verdict;
    return -1;
}

// Counts a write of `length` bytes at `at` (-1: at the file's position). Returns 0 to let it happen, ENOSPC to refuse
// it, or DIE where the program is to die in the middle.
static int judge(int file, off_t at, size_t length) {
    int saved = errno;
    off_t size;
    int verdict = 0;
    if (length > 0 && is_meant(file, &size)) {
        int64_t nth = atomic_fetch_add(&counts[0], 1) + 1;
        if (at < 0) at = (fcntl(file, F_GETFL) & O_APPEND) ? size : lseek(file, 0, SEEK_CUR);
        if (at + (off_t)length > size) {
            int64_t growing = atomic_fetch_add(&counts[1], 1) + 1;
            if ((full_at && growing >= full_at) || (full && access(full, F_OK) == 0)) verdict = ENOSPC;
        }
        if (kill_at && nth == kill_at) refuse(DIE);
        if (tear_at && nth == tear_at) verdict = DIE;
    }
    errno = saved;
    return verdict;
}

#define WRITE(name, offset_type)                                                       \
    ssize_t name(int file, const void *bytes, size_t length, offset_type at) {         \
        REAL(ssize_t, name, int, const void *, size_t, offset_type);                   \
        int verdict = judge(file, at, length);                                         \
        if (verdict == DIE) real(file, bytes, length / 2, at);                            \
        return verdict ? refuse(verdict) : real(file, bytes, length, at);              \
    }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

ssize_t write(int file, const void *bytes, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    int verdict = judge(file, -1, length);
    if (verdict == DIE) real(file, bytes, length / 2);
    return verdict ? refuse(verdict) : real(file, bytes, length);
}

static size_t total(const struct iovec *parts, int count) {
    size_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    int verdict = judge(file, -1, total(parts, count));
    return verdict ? refuse(verdict) : real(file, parts, count);
}

#define WRITEV(name, offset_type)                                                      \
    ssize_t name(int file, const struct iovec *parts, int count, offset_type at) {     \
        REAL(ssize_t, name, int, const struct iovec *, int, offset_type);              \
        int verdict = judge(file, at, total(parts, count));                            \
        return verdict ? refuse(verdict) : real(file, parts, count, at);               \
    }
WRITEV(pwritev, off_t)
WRITEV(pwritev64, off64_t)

#define ALLOCATE(name, offset_type)                                                    \
    int name(int file, offset_type at, offset_type length) {                           \
        REAL(int, name, int, offset_type, offset_type);                                \
        int verdict = judge(file, at, length);                                         \
        if (verdict == DIE) refuse(verdict);                                              \
        return verdict ? verdict : real(file, at, length);                             \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)
