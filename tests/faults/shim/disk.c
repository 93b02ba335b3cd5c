/*
 * A library for LD_PRELOAD that stands between a program and one directory of the disk.
 *
 *   FAULTS_DIRECTORY  absolute path of the directory; calls for anything else pass untouched
 *   FAULTS_LOG        where every change of the directory's files is recorded, if set
 *   FAULTS_FULL       while a file of this name exists, writing answers ENOSPC, if set
 *
 * A call and its record happen under one lock, so the order of the log is the order of the disk. A
 * sync is recorded after it has returned: whatever stands before it in the log is on the disk.
 * `-shm` files are not recorded: SQLite maps them into memory and builds them anew after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation { START = 1, OPEN, CLOSE, WRITE, TRUNCATE, SYNC, UNLINK, RENAME };
enum { CREATED = 1, TRUNCATED = 2 };
enum watch { NOT_WATCHED, CAN_BE_FULL, RECORDED };

/* Followed in the log by the path, then the data. Little-endian, no padding. */
struct header {
    uint32_t operation;
    int32_t descriptor;
    uint64_t number; /* offset of a write, length of a truncation, flags of an opening */
    uint32_t path_length;
    uint32_t data_length;
};

#define MOST_DESCRIPTORS 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char watched[MOST_DESCRIPTORS];
static const char *directory;
static const char *full_flag;
static int log_descriptor = -1;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void record(enum operation operation, int descriptor, uint64_t number, const char *path,
                   const void *data, size_t data_length) {
    struct header header = {operation, descriptor, number, (uint32_t)strlen(path),
                            (uint32_t)data_length};
    struct iovec parts[] = {{&header, sizeof header},
                            {(void *)path, header.path_length},
                            {(void *)data, data_length}};
    ssize_t length = sizeof header + header.path_length + data_length;
    /* A recording with a hole would prove nothing. */
    if (writev(log_descriptor, parts, 3) != length) abort();
}

__attribute__((constructor)) static void begin(void) {
    directory = getenv("FAULTS_DIRECTORY");
    full_flag = getenv("FAULTS_FULL");
    const char *log = getenv("FAULTS_LOG");
    if (!directory || !log) return;
    log_descriptor = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log_descriptor < 0) abort();
    record(START, -1, 0, "", NULL, 0);
}

/* The path below the directory, "" for the directory itself, NULL for anything else. */
static const char *below(const char *path) {
    if (!directory) return NULL;
    size_t length = strlen(directory);
    if (strncmp(path, directory, length) != 0) return NULL;
    if (path[length] == '\0') return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

static enum watch watch_of_path(const char *path) {
    const char *name = below(path);
    if (!name) return NOT_WATCHED;
    size_t length = strlen(name);
    int is_mapped = length >= 4 && strcmp(name + length - 4, "-shm") == 0;
    return log_descriptor < 0 || is_mapped ? CAN_BE_FULL : RECORDED;
}

static enum watch watch_of(int descriptor) {
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? watched[descriptor] : NOT_WATCHED;
}

static int is_full(enum watch watch) {
    if (watch == NOT_WATCHED || !full_flag || access(full_flag, F_OK) != 0) return 0;
    errno = ENOSPC;
    return 1;
}

typedef int open_function(int, const char *, int, ...);

static int watched_open(open_function *real, int at, const char *path, int flags, mode_t mode) {
    enum watch watch = watch_of_path(path);
    if (watch == NOT_WATCHED) return real(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int exists = access(path, F_OK) == 0;
    int descriptor = -1;
    if (exists || !(flags & O_CREAT) || !is_full(watch)) {
        descriptor = real(at, path, flags, mode);
    }
    if (descriptor >= MOST_DESCRIPTORS) abort();
    if (descriptor >= 0) {
        watched[descriptor] = watch;
        uint64_t changes = (exists ? 0 : CREATED) | (flags & O_TRUNC ? TRUNCATED : 0);
        if (watch == RECORDED) record(OPEN, descriptor, changes, below(path), NULL, 0);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return descriptor;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode = va_arg(arguments, mode_t); \
        va_end(arguments); \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    REAL(openat);
    return watched_open(real, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    REAL(openat64);
    return watched_open(real, AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    REAL(openat);
    return watched_open(real, at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    REAL(openat64);
    return watched_open(real, at, path, flags, mode);
}

int close(int descriptor) {
    REAL(close);
    enum watch watch = watch_of(descriptor);
    if (watch == NOT_WATCHED) return real(descriptor);
    pthread_mutex_lock(&lock);
    watched[descriptor] = NOT_WATCHED;
    if (watch == RECORDED) record(CLOSE, descriptor, 0, "", NULL, 0);
    int result = real(descriptor);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static ssize_t recorded_write(int descriptor, ssize_t written, const void *data, off64_t offset) {
    if (written > 0 && watch_of(descriptor) == RECORDED) {
        record(WRITE, descriptor, (uint64_t)offset, "", data, (size_t)written);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

ssize_t write(int descriptor, const void *data, size_t length) {
    REAL(write);
    if (watch_of(descriptor) == NOT_WATCHED) return real(descriptor, data, length);
    if (is_full(watch_of(descriptor))) return -1;
    pthread_mutex_lock(&lock);
    off64_t offset = lseek64(descriptor, 0, SEEK_CUR);
    return recorded_write(descriptor, real(descriptor, data, length), data, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    if (watch_of(descriptor) == NOT_WATCHED) return real(descriptor, data, length, offset);
    if (is_full(watch_of(descriptor))) return -1;
    pthread_mutex_lock(&lock);
    return recorded_write(descriptor, real(descriptor, data, length, offset), data, offset);
}

ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset) {
    return pwrite64(descriptor, data, length, offset);
}

int ftruncate64(int descriptor, off64_t length) {
    REAL(ftruncate64);
    enum watch watch = watch_of(descriptor);
    if (watch == NOT_WATCHED) return real(descriptor, length);
    struct stat now;
    if (fstat(descriptor, &now) == 0 && length > now.st_size && is_full(watch)) return -1;
    pthread_mutex_lock(&lock);
    int result = real(descriptor, length);
    int error = errno;
    if (result == 0 && watch == RECORDED) {
        record(TRUNCATE, descriptor, (uint64_t)length, "", NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

static int recorded_sync(int (*real)(int), int descriptor) {
    if (watch_of(descriptor) != RECORDED) return real(descriptor);
    pthread_mutex_lock(&lock);
    int result = real(descriptor);
    int error = errno;
    if (result == 0) record(SYNC, descriptor, 0, "", NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int descriptor) {
    REAL(fsync);
    return recorded_sync(real, descriptor);
}

int fdatasync(int descriptor) {
    REAL(fdatasync);
    return recorded_sync(real, descriptor);
}

int unlink(const char *path) {
    REAL(unlink);
    if (watch_of_path(path) != RECORDED) return real(path);
    pthread_mutex_lock(&lock);
    int result = real(path);
    int error = errno;
    if (result == 0) record(UNLINK, -1, 0, below(path), NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    if (watch_of_path(from) != RECORDED || watch_of_path(to) != RECORDED) return real(from, to);
    pthread_mutex_lock(&lock);
    int result = real(from, to);
    int error = errno;
    if (result == 0) record(RENAME, -1, 0, below(from), below(to), strlen(below(to)));
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
